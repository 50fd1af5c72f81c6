// Every operator new of a test binary, counted per thread: for tests that the way of a request touches no heap.
// Replaces the operators of the whole program, so exactly one file of a binary includes it.
#pragma once
#include <cstddef>
#include <cstdlib>
#include <new>

#ifndef __has_feature
#define __has_feature(name) 0
#endif

namespace pintle::testing {

inline thread_local std::size_t allocations = 0;
/// The thread sanitizer brings an operator new that cannot be replaced: skip what counts.
inline constexpr bool counts_allocations = !__has_feature(thread_sanitizer);

}  // namespace pintle::testing

#if !__has_feature(thread_sanitizer)
// The other forms (array, nothrow) end in these.
void* operator new(std::size_t size) {
  ++pintle::testing::allocations;
  if (void* memory = std::malloc(size != 0 ? size : 1)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
#endif
