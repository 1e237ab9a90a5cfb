#include "babelgrad/autograd/allocator.h"

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <vector>

namespace babelgrad {
namespace {

constexpr std::size_t kAlignment = 64;
constexpr std::size_t kHugePage = std::size_t{2} << 20;
constexpr std::size_t kClasses = 4 * 64;
constexpr std::size_t kCacheLimit = std::size_t{1} << 30;  // bytes a thread keeps at most

// In use from threads that had no cache any more, as all counters modulo 2^64.
std::atomic<std::size_t> live_bytes_without_cache{0};

// From the system. Large blocks are of huge pages as far as these fit in and the system has them:
// fewer faults when a block is first written, and fewer misses when the processor translates
// addresses.
void* new_block(std::size_t bytes) {
  const bool is_large = bytes >= kHugePage;
  void* block = nullptr;  // aligned_alloc() would want whole multiples of the alignment
  if (::posix_memalign(&block, is_large ? kHugePage : kAlignment, bytes) != 0)
    throw std::bad_alloc();
  if (is_large) ::madvise(block, bytes / kHugePage * kHugePage, MADV_HUGEPAGE);
  return block;
}

// Blocks of class `index` have so many bytes: 64 * {1, 1.25, 1.5, 1.75} * 2^k, but whole cache
// lines.
std::size_t class_bytes(std::size_t index) {
  if (index <= 4) return index * kAlignment;
  const std::size_t octave = (index - 1) / 4, quarter = (index - 1) % 4;
  return ((std::size_t{1} << octave) + ((quarter + 1) << (octave - 2))) * kAlignment;
}

struct SizeClass {
  std::size_t index, bytes;
};

SizeClass size_class(std::size_t bytes) {
  const std::size_t lines = std::max<std::size_t>(1, (bytes + kAlignment - 1) / kAlignment);
  if (lines <= 4) return {lines, class_bytes(lines)};
  const std::size_t octave = std::bit_width(lines - 1) - 1;  // 2^octave < lines <= 2^(octave+1)
  const std::size_t quarter = (lines - 1 - (std::size_t{1} << octave)) >> (octave - 2);  // 0..3
  const std::size_t index = 4 * octave + quarter + 1;
  return {index, class_bytes(index)};
}

// Written by one thread, read by any.
class Counter {
 public:
  std::size_t get() const { return value_.load(std::memory_order_acquire); }
  void set(std::size_t value) { value_.store(value, std::memory_order_release); }
  void add(std::size_t amount) { set(get() + amount); }

 private:
  std::atomic<std::size_t> value_{0};
};

// The blocks of a class that wait in a thread's cache. There are never more than the thread asked
// the system for: a thread that only frees what others allocate keeps nothing.
struct FreeBlocks {
  std::vector<void*> blocks;
  std::size_t asked_for = 0;
  std::uint64_t last_wanted = 0;  // in allocations of the thread
};

struct Cache {
  std::array<FreeBlocks, kClasses> free;
  std::uint64_t allocations = 0;
  Counter system_allocations, reused_blocks, allocated_bytes, freed_bytes, cached_bytes;
  Cache();
  ~Cache();

  AllocatorStatistics statistics() const {
    return {system_allocations.get(), reused_blocks.get(), allocated_bytes.get(), freed_bytes.get(),
            cached_bytes.get()};
  }
};

// All caches, for the statistics of the process.
struct Registry {
  std::mutex mutex;
  std::vector<const Cache*> caches;
  AllocatorStatistics ended;  // of threads that have ended
};

Registry& registry() {
  static Registry& instance = *new Registry;  // never destroyed: threads may outlive main
  return instance;
}

void add_statistics(const AllocatorStatistics& more, AllocatorStatistics& sum) {
  sum.system_allocations += more.system_allocations;
  sum.reused_blocks += more.reused_blocks;
  sum.allocated_bytes += more.allocated_bytes;
  sum.freed_bytes += more.freed_bytes;
  sum.cached_bytes += more.cached_bytes;
}

// Set when the thread's cache is gone: arrays that outlive it go straight to the system.
thread_local bool cache_destroyed = false;

// Gives back blocks of the classes that were wanted longest ago, but none that was wanted since
// class `index` was, until so many bytes have room; false if they have none.
bool make_room(Cache& cache, std::size_t index, std::size_t bytes) {
  if (bytes > kCacheLimit) return false;
  while (cache.cached_bytes.get() + bytes > kCacheLimit) {
    std::size_t oldest = index;
    for (std::size_t i = 0; i < kClasses; ++i)
      if (!cache.free[i].blocks.empty() &&
          cache.free[i].last_wanted < cache.free[oldest].last_wanted)
        oldest = i;
    if (oldest == index) return false;
    std::free(cache.free[oldest].blocks.back());
    cache.free[oldest].blocks.pop_back();
    cache.cached_bytes.set(cache.cached_bytes.get() - class_bytes(oldest));
  }
  return true;
}

void release(Cache& cache) {
  for (FreeBlocks& free : cache.free) {
    for (void* block : free.blocks) std::free(block);
    free.blocks.clear();
  }
  cache.cached_bytes.set(0);
}

Cache::Cache() {
  const std::lock_guard lock(registry().mutex);
  registry().caches.push_back(this);
}

Cache::~Cache() {
  release(*this);
  cache_destroyed = true;
  const std::lock_guard lock(registry().mutex);
  std::erase(registry().caches, this);
  add_statistics(statistics(), registry().ended);
}

Cache& cache() {
  thread_local Cache instance;
  return instance;
}

}  // namespace

void* allocate_block(std::size_t bytes) {
  const SizeClass size = size_class(bytes);
  Cache* mine = cache_destroyed ? nullptr : &cache();
  if (mine != nullptr) mine->free[size.index].last_wanted = ++mine->allocations;
  if (mine != nullptr && !mine->free[size.index].blocks.empty()) {
    auto& blocks = mine->free[size.index].blocks;
    void* block = blocks.back();
    blocks.pop_back();
    mine->reused_blocks.add(1);
    mine->allocated_bytes.add(size.bytes);
    mine->cached_bytes.set(mine->cached_bytes.get() - size.bytes);
    return block;
  }
  void* block = new_block(size.bytes);
  if (mine != nullptr) {
    ++mine->free[size.index].asked_for;
    mine->system_allocations.add(1);
    mine->allocated_bytes.add(size.bytes);
  } else {
    live_bytes_without_cache.fetch_add(size.bytes);
  }
  return block;
}

void free_block(void* block, std::size_t bytes) noexcept {
  if (block == nullptr) return;
  const SizeClass size = size_class(bytes);
  if (cache_destroyed) {
    live_bytes_without_cache.fetch_sub(size.bytes);
    std::free(block);
    return;
  }
  Cache& mine = cache();
  mine.freed_bytes.add(size.bytes);
  FreeBlocks& free = mine.free[size.index];
  if (free.blocks.size() >= free.asked_for || !make_room(mine, size.index, size.bytes)) {
    std::free(block);
    return;
  }
  try {
    free.blocks.push_back(block);
    mine.cached_bytes.add(size.bytes);
  } catch (...) {
    std::free(block);
  }
}

AllocatorStatistics allocator_statistics() { return cache().statistics(); }

AllocatorStatistics process_allocator_statistics() {
  const std::lock_guard lock(registry().mutex);
  AllocatorStatistics sum = registry().ended;
  for (const Cache* one : registry().caches) add_statistics(one->statistics(), sum);
  return sum;
}

void release_cached_blocks() { release(cache()); }

// What was freed is read before what was allocated, so that no block that another thread frees
// meanwhile counts as freed alone.
std::size_t live_array_bytes() {
  const std::lock_guard lock(registry().mutex);
  std::size_t freed = registry().ended.freed_bytes;
  for (const Cache* one : registry().caches) freed += one->freed_bytes.get();
  std::size_t allocated = registry().ended.allocated_bytes + live_bytes_without_cache.load();
  for (const Cache* one : registry().caches) allocated += one->allocated_bytes.get();
  return allocated - freed;
}

}  // namespace babelgrad
