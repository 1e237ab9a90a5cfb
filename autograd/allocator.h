// The allocator of array storage: 64-byte aligned blocks, kept for reuse in a cache of the thread
// that frees them, so that a training step in its steady state makes no call to malloc for arrays.
//
// Blocks are rounded up to a size class (four classes an octave, at most 25 % waste). Contents are
// never cleared: an array that is not written before it is read holds whatever was there.
// Thread-safety: each thread has a cache of its own, 1 GiB at most; where that is full, sizes that
// were wanted longer ago give way. A block may be freed by another thread: its cache keeps it if it
// holds fewer blocks of that size than that thread has asked the system for, so that memory does
// not gather where it is only freed.
#pragma once

#include <cstddef>
#include <limits>
#include <new>

namespace babelgrad {

struct AllocatorStatistics {
  std::size_t system_allocations = 0;  // blocks asked of the system since the thread started
  std::size_t reused_blocks = 0;       // blocks served from the cache
  std::size_t allocated_bytes = 0;     // bytes handed out, both kinds
  std::size_t freed_bytes = 0;         // bytes given back; of another thread's, too
  std::size_t cached_bytes = 0;        // bytes that wait in the cache now
};

void* allocate_block(std::size_t bytes);
void free_block(void* block, std::size_t bytes) noexcept;

AllocatorStatistics allocator_statistics();          // of this thread
AllocatorStatistics process_allocator_statistics();  // of all threads, those that ended included
void release_cached_blocks();    // gives this thread's cached blocks back to the system
std::size_t live_array_bytes();  // bytes of array storage in use in the process, all threads

template <class T>
class CachingAllocator {
 public:
  using value_type = T;
  using size_type = std::size_t;
  using difference_type = std::ptrdiff_t;
  using pointer = T*;
  using const_pointer = const T*;
  using reference = T&;
  using const_reference = const T&;
  template <class U>
  struct rebind {
    using other = CachingAllocator<U>;
  };

  CachingAllocator() = default;
  template <class U>
  CachingAllocator(const CachingAllocator<U>&) {}

  T* allocate(std::size_t n) {
    if (n > max_size()) throw std::bad_alloc();
    return static_cast<T*>(allocate_block(n * sizeof(T)));
  }
  void deallocate(T* p, std::size_t n) noexcept { free_block(p, n * sizeof(T)); }
  std::size_t max_size() const { return std::numeric_limits<std::ptrdiff_t>::max() / sizeof(T); }

  friend bool operator==(const CachingAllocator&, const CachingAllocator&) { return true; }
  friend bool operator!=(const CachingAllocator&, const CachingAllocator&) { return false; }
};

}  // namespace babelgrad
