// Shuffling that gives the same order on every machine and with every standard library.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "babelgrad/base/hash.h"

namespace babelgrad::text {

// SplitMix64 (Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators").
class SplitMix64 {
 public:
  explicit SplitMix64(uint64_t seed) : state_(seed) {}

  uint64_t next() { return mix_bits(state_ += kSplitMixStep); }

  // Uniform in [0, n), n > 0; rejects the numbers that would favour small results.
  uint64_t below(uint64_t n) {
    const uint64_t unfair = (0 - n) % n;  // 2^64 mod n
    for (;;) {
      const uint64_t x = next();
      if (x >= unfair) return x % n;
    }
  }

 private:
  uint64_t state_;
};

// A generator for item `index` (an epoch, say) of the stream `seed`.
inline SplitMix64 generator(uint64_t seed, uint64_t index) {
  SplitMix64 outer(seed);
  return SplitMix64(outer.next() ^ SplitMix64(index).next());
}

// Fisher-Yates (Durstenfeld 1964), from the last item down.
template <class Item>
void shuffle(std::vector<Item>& items, SplitMix64& random) {
  for (size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[random.below(i)]);
}

}  // namespace babelgrad::text
