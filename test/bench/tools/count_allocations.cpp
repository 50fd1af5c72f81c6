// Preloaded into a program, counts its heap allocations and the bytes they hold now, in two numbers of 8 bytes in the
// file that BENCH_ALLOCATIONS names. A difference of two readings while the program runs is exact, which no sampling
// profiler gives.

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fcntl.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

extern "C" {
// The allocator of glibc under the names that this file takes over.
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* old, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);
void __libc_free(void* block);
}

namespace {

struct Counters {
  std::atomic<std::uint64_t> allocations;
  std::atomic<std::uint64_t> held_bytes;  ///< with what the allocator rounds up
};
Counters before_mapping;
std::atomic<Counters*> counters{&before_mapping};

void* count(void* block) {
  Counters& counted = *counters.load(std::memory_order_relaxed);
  counted.allocations.fetch_add(1, std::memory_order_relaxed);
  counted.held_bytes.fetch_add(malloc_usable_size(block), std::memory_order_relaxed);
  return block;
}
void count_free(void* block) {
  counters.load(std::memory_order_relaxed)->held_bytes.fetch_sub(malloc_usable_size(block), std::memory_order_relaxed);
}

[[gnu::constructor]] void map_counter() {
  const char* file = std::getenv("BENCH_ALLOCATIONS");
  if (file == nullptr) return;
  const int descriptor = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0 || ftruncate(descriptor, sizeof(before_mapping)) != 0) std::_Exit(2);
  void* memory = mmap(nullptr, sizeof(before_mapping), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  if (memory == MAP_FAILED) std::_Exit(2);
  auto* const mapped = static_cast<Counters*>(memory);
  mapped->allocations += before_mapping.allocations.load();
  mapped->held_bytes += before_mapping.held_bytes.load();
  counters = mapped;
}

}  // namespace

extern "C" {

void* malloc(std::size_t size) { return count(__libc_malloc(size)); }
void* calloc(std::size_t number, std::size_t size) { return count(__libc_calloc(number, size)); }
void* realloc(void* old, std::size_t size) {
  count_free(old);
  void* const block = __libc_realloc(old, size);
  return count(block == nullptr && size != 0 ? old : block);
}
void* memalign(std::size_t alignment, std::size_t size) { return count(__libc_memalign(alignment, size)); }
void* aligned_alloc(std::size_t alignment, std::size_t size) { return count(__libc_memalign(alignment, size)); }
int posix_memalign(void** result, std::size_t alignment, std::size_t size) {
  *result = count(__libc_memalign(alignment, size));
  return *result == nullptr ? ENOMEM : 0;
}
void free(void* block) {
  count_free(block);
  __libc_free(block);
}
}
