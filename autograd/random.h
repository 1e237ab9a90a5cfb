// Counter-based random numbers: a stream is a function of its key alone, so what is drawn does not
// depend on the order in which layers or threads draw it. Keys are made of (seed, name or step
// ...).
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "babelgrad/autograd/array.h"
#include "babelgrad/base/hash.h"

namespace babelgrad {

// A key from two others, order-sensitive. A key from a name is its fnv1a (base/hash.h).
std::uint64_t combine_keys(std::uint64_t a, std::uint64_t b);

class Random {
 public:
  explicit Random(std::uint64_t key) : key_(key) {}

  // What a checkpoint has to keep.
  struct State {
    std::uint64_t key;
    std::uint64_t drawn;
  };
  explicit Random(const State& state) : key_(state.key), counter_(state.drawn) {}
  State state() const { return {key_, counter_}; }

  std::uint64_t bits() { return mix_bits(key_ + kSplitMixStep * ++counter_); }
  double uniform();                      // [0, 1)
  double normal();                       // mean 0, variance 1
  std::size_t below(std::size_t limit);  // 0 <= i < limit, limit >= 1

 private:
  std::uint64_t key_;
  std::uint64_t counter_ = 0;
};

// ---- Random arrays, as many numbers of the stream as they have elements ----

// Evenly between low and high.
template <class T>
Array<T> uniform(const Shape& shape, Random& random, std::type_identity_t<T> low = 0,
                 std::type_identity_t<T> high = 1);
template <class T>
Array<T> normal(const Shape& shape, Random& random, std::type_identity_t<T> mean = 0,
                std::type_identity_t<T> deviation = 1);
// 1 with each element's probability, else 0.
template <class T>
Array<T> bernoulli(const Array<T>& probabilities, Random& random);
// weights [..., C], none negative -> one index below C a row, with a probability proportional to
// its weight.
template <class T>
IntArray categorical(const Array<T>& weights, Random& random);

}  // namespace babelgrad
