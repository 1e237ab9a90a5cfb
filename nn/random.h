// Counter-based random numbers: a stream is a function of its key alone, so what is drawn does not
// depend on the order in which layers or threads draw it. Keys are made of (seed, name or step
// ...).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "babelgrad/base/hash.h"

namespace babelgrad {

// A key from two others, order-sensitive.
std::uint64_t combine_keys(std::uint64_t a, std::uint64_t b);
// A key from a name.
inline std::uint64_t key_of(std::string_view name) { return fnv1a(name); }

class Random {
 public:
  explicit Random(std::uint64_t key) : key_(key) {}

  std::uint64_t bits() { return mix_bits(key_ + kSplitMixStep * ++counter_); }
  double uniform();                      // [0, 1)
  double normal();                       // mean 0, variance 1
  std::size_t below(std::size_t limit);  // 0 <= i < limit, limit >= 1

 private:
  std::uint64_t key_;
  std::uint64_t counter_ = 0;
};

// Whether layers behave as in training, and the randomness of this step if so.
struct Mode {
  bool training = false;
  std::uint64_t seed = 0;
  std::uint64_t step = 0;
  std::uint64_t shard = 0;  // part of the batch; each draws masks of its own
};

inline constexpr Mode kEvaluation{};

}  // namespace babelgrad
