#include "babelgrad/nn/random.h"

#include <cmath>
#include <numbers>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>

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

struct Mode::Drawn {
  std::set<std::pair<std::uint64_t, std::uint64_t>> sites_and_calls;
};

Mode Mode::training(std::uint64_t seed, std::uint64_t step, std::uint64_t shard) {
  Mode mode;
  mode.key_ = combine_keys(combine_keys(seed, step), shard);
  mode.drawn_ = std::make_shared<Drawn>();
  return mode;
}

Mode Mode::again() const {
  Mode mode = *this;
  if (is_training()) mode.drawn_ = std::make_shared<Drawn>();
  return mode;
}

std::uint64_t Mode::draw(std::string_view site, std::uint64_t call) const {
  const std::uint64_t name = key_of(site);
  if (drawn_ && !drawn_->sites_and_calls.emplace(name, call).second)
    throw std::logic_error("dropout " + std::string(site) + ": call " + std::to_string(call) +
                           " has drawn its mask in this step; number the uses in a step, give "
                           "every step a Mode::training(seed, step), or repeat one with again()");
  return combine_keys(combine_keys(key_, name), call);
}

}  // namespace babelgrad
