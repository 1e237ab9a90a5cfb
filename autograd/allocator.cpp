#include "babelgrad/autograd/allocator.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstdlib>
#include <vector>

namespace babelgrad {
namespace {

constexpr std::size_t kAlignment = 64;
constexpr std::size_t kClasses = 4 * 64;
constexpr std::size_t kCacheLimit = std::size_t{1} << 30;  // bytes a thread keeps at most

std::atomic<std::size_t> live_bytes{0};

// Sizes 64 * {1, 1.25, 1.5, 1.75} * 2^k, rounded up to whole cache lines.
struct SizeClass {
  std::size_t index, bytes;
};

SizeClass size_class(std::size_t bytes) {
  const std::size_t lines = std::max<std::size_t>(1, (bytes + kAlignment - 1) / kAlignment);
  if (lines <= 4) return {lines, lines * kAlignment};
  const std::size_t octave = std::bit_width(lines - 1) - 1;  // 2^octave < lines <= 2^(octave+1)
  const std::size_t step = std::size_t{1} << (octave - 2);
  const std::size_t quarter = (lines - 1 - (std::size_t{1} << octave)) / step;  // 0..3
  return {4 * octave + quarter + 1,
          ((std::size_t{1} << octave) + (quarter + 1) * step) * kAlignment};
}

struct Cache {
  std::array<std::vector<void*>, kClasses> free;
  AllocatorStatistics statistics;
  ~Cache();
};

// Set when the thread's cache is gone: arrays that outlive it go straight to the system.
thread_local bool cache_destroyed = false;

void release(Cache& cache) {
  for (auto& blocks : cache.free) {
    for (void* block : blocks) std::free(block);
    blocks.clear();
  }
  cache.statistics.cached_bytes = 0;
}

Cache::~Cache() {
  release(*this);
  cache_destroyed = true;
}

Cache& cache() {
  thread_local Cache instance;
  return instance;
}

}  // namespace

void* allocate_block(std::size_t bytes) {
  const SizeClass size = size_class(bytes);
  live_bytes.fetch_add(size.bytes, std::memory_order_relaxed);
  if (!cache_destroyed) {
    Cache& mine = cache();
    auto& blocks = mine.free[size.index];
    if (!blocks.empty()) {
      void* block = blocks.back();
      blocks.pop_back();
      ++mine.statistics.reused_blocks;
      mine.statistics.cached_bytes -= size.bytes;
      return block;
    }
    ++mine.statistics.system_allocations;
  }
  void* block = std::aligned_alloc(kAlignment, size.bytes);
  if (block == nullptr) {
    live_bytes.fetch_sub(size.bytes, std::memory_order_relaxed);
    throw std::bad_alloc();
  }
  return block;
}

void free_block(void* block, std::size_t bytes) noexcept {
  if (block == nullptr) return;
  const SizeClass size = size_class(bytes);
  live_bytes.fetch_sub(size.bytes, std::memory_order_relaxed);
  if (cache_destroyed) {
    std::free(block);
    return;
  }
  Cache& mine = cache();
  if (mine.statistics.cached_bytes + size.bytes > kCacheLimit) {
    std::free(block);
    return;
  }
  try {
    mine.free[size.index].push_back(block);
    mine.statistics.cached_bytes += size.bytes;
  } catch (...) {
    std::free(block);
  }
}

AllocatorStatistics allocator_statistics() { return cache().statistics; }

void release_cached_blocks() { release(cache()); }

std::size_t live_array_bytes() { return live_bytes.load(std::memory_order_relaxed); }

}  // namespace babelgrad
