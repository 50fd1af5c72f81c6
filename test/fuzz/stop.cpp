// A violated property under libFuzzer: end here, so that the fuzzer keeps the input.
#include <cstdio>
#include <cstdlib>

#include "test/fuzz/fuzz.hpp"

namespace pintle::fuzz {

void violated(std::string_view property, std::string_view detail) {
  std::fprintf(stderr, "violated: %.*s\n%.*s\n", static_cast<int>(property.size()), property.data(),
               static_cast<int>(detail.size()), detail.data());
  std::abort();
}

}  // namespace pintle::fuzz
