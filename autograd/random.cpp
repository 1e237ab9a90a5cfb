#include "babelgrad/autograd/random.h"

#include <cmath>
#include <numbers>
#include <string>

#include "babelgrad/autograd/error.h"

namespace babelgrad {

std::uint64_t combine_keys(std::uint64_t a, std::uint64_t b) {
  return mix_bits(mix_bits(a + kSplitMixStep) ^ b);
}

double Random::uniform() { return std::ldexp(static_cast<double>(bits() >> 11), -53); }

// Box and Muller 1958; the second of each pair is dropped to keep the stream position simple.
double Random::normal() {
  const double radius = std::sqrt(-2 * std::log(1 - uniform()));
  return radius * std::cos(2 * std::numbers::pi * uniform());
}

std::size_t Random::below(std::size_t limit) {
  return static_cast<std::size_t>(
      (static_cast<unsigned __int128>(bits()) * static_cast<unsigned __int128>(limit)) >> 64);
}

namespace {

template <class T, class F>
Array<T> made_of(const Shape& shape, const F& draw) {
  Array<T> array = uninitialized<T>(shape);
  for (T& element : array) element = static_cast<T>(draw());
  return array;
}

}  // namespace

template <class T>
Array<T> uniform(const Shape& shape, Random& random, std::type_identity_t<T> low,
                 std::type_identity_t<T> high) {
  return made_of<T>(shape, [&] { return low + (high - low) * random.uniform(); });
}

template <class T>
Array<T> normal(const Shape& shape, Random& random, std::type_identity_t<T> mean,
                std::type_identity_t<T> deviation) {
  return made_of<T>(shape, [&] { return mean + deviation * random.normal(); });
}

template <class T>
Array<T> bernoulli(const Array<T>& probabilities, Random& random) {
  const T* p = probabilities.data();
  return made_of<T>(probabilities.shape(), [&] {
    if (!(*p >= 0 && *p <= 1))
      throw ShapeError("bernoulli: need probabilities in [0, 1]; got " + std::to_string(*p));
    return random.uniform() < *p++ ? 1 : 0;
  });
}

template <class T>
IntArray categorical(const Array<T>& weights, Random& random) {
  if (weights.rank() == 0 || weights.shape().back() == 0)
    throw ShapeError("categorical: need weights [..., C] with C >= 1; got weights " +
                     to_string(weights.shape()));
  const std::size_t classes = weights.shape().back();
  Shape shape = weights.shape();
  shape.erase(shape.size() - 1);
  IntArray drawn = uninitialized<std::int32_t>(shape);
  const T* row = weights.data();
  for (std::int32_t& index : drawn) {
    double total = 0;
    std::size_t last = 0;  // the last class that has a weight: rounding must not lead beyond it
    bool valid = true;
    for (std::size_t i = 0; i < classes; ++i) {
      valid = valid && row[i] >= 0;
      total += row[i];
      if (row[i] > 0) last = i;
    }
    if (!valid || !(total > 0) || !std::isfinite(total))
      throw ShapeError("categorical: need finite weights, none negative and one of them positive");
    double left = total * random.uniform();
    std::size_t chosen = 0;
    while (chosen < last && left >= row[chosen]) left -= row[chosen++];
    index = static_cast<std::int32_t>(chosen);
    row += classes;
  }
  return drawn;
}

#define BABELGRAD_INSTANTIATE(T)                                            \
  template Array<T> uniform(const Shape&, Random&, std::type_identity_t<T>, \
                            std::type_identity_t<T>);                       \
  template Array<T> normal(const Shape&, Random&, std::type_identity_t<T>,  \
                           std::type_identity_t<T>);                        \
  template Array<T> bernoulli(const Array<T>&, Random&);                    \
  template IntArray categorical(const Array<T>&, Random&);
BABELGRAD_INSTANTIATE(float)
BABELGRAD_INSTANTIATE(double)
#undef BABELGRAD_INSTANTIATE

}  // namespace babelgrad
