// Every way of reading plain lines that this CPU has: what holds of one holds of all.
#pragma once
#include <vector>

#include "dataplane/http1/plain_lines.hpp"

namespace pintle::http1 {

inline std::vector<const PlainReader*> readers() {
  std::vector<const PlainReader*> readers{&scalar_plain_reader, &plain_reader};
#if defined(__x86_64__)
  readers.push_back(&sse2_plain_reader);
  if (__builtin_cpu_supports("avx2") != 0) readers.push_back(&avx2_plain_reader);
#endif
  return readers;
}

}  // namespace pintle::http1
