#include "babelgrad/nn/random.h"

#include <cmath>
#include <numbers>

namespace babelgrad {

std::uint64_t mix_bits(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

std::uint64_t combine_keys(std::uint64_t a, std::uint64_t b) {
  return mix_bits(mix_bits(a + 0x9e3779b97f4a7c15ULL) ^ b);
}

std::uint64_t key_of(std::string_view name) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return hash;
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
