#include "babelgrad/nn/random.h"

#include <cmath>
#include <numbers>

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

}  // namespace babelgrad
