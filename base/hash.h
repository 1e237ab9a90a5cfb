// Hashes and the mixing of keys.
#pragma once

#include <cstdint>
#include <string_view>

namespace babelgrad {

// The finaliser of SplitMix64 (Steele, Lea and Flood 2014): a bijective mix of 64 bits.
constexpr std::uint64_t mix_bits(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

// What SplitMix64 adds to its state at each step.
inline constexpr std::uint64_t kSplitMixStep = 0x9e3779b97f4a7c15u;

// FNV-1a, 64 bits: makes a key of a name, tells a damaged file from a whole one (not a
// cryptographic hash). Chain calls by passing the last result as `hash`.
constexpr std::uint64_t fnv1a(std::string_view bytes, std::uint64_t hash = 0xcbf29ce484222325u) {
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return hash;
}

}  // namespace babelgrad
