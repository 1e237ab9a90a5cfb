// Counter-based random numbers: a stream is a function of its key alone, so what is drawn does not
// depend on the order in which layers or threads draw it. Keys are made of (seed, name or step
// ...).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace babelgrad {

// The finaliser of SplitMix64 (Steele et al. 2014): a bijective mix of 64 bits.
std::uint64_t mix_bits(std::uint64_t x);
// A key from two others, order-sensitive.
std::uint64_t combine_keys(std::uint64_t a, std::uint64_t b);
// A key from a name (FNV-1a).
std::uint64_t key_of(std::string_view name);

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

  std::uint64_t bits() { return mix_bits(key_ + 0x9e3779b97f4a7c15ULL * ++counter_); }
  double uniform();                      // [0, 1)
  double normal();                       // mean 0, variance 1
  std::size_t below(std::size_t limit);  // 0 <= i < limit, limit >= 1

 private:
  std::uint64_t key_;
  std::uint64_t counter_ = 0;
};

// Whether layers behave as in training, and the randomness of this step if so:
//
//   for (std::uint64_t step = 1; step <= steps; ++step)
//     loss(batch, Mode::training(seed, step));
//
// A training mode is of one step. It remembers who has drawn from it, copies included, so that a
// layer that is used twice in a step does not get the same mask twice unnoticed.
//
// Thread-safety: a training mode belongs to one thread; kEvaluation to all.
class Mode {
 public:
  Mode() = default;  // evaluation
  // shard: part of the batch; each draws masks of its own.
  static Mode training(std::uint64_t seed, std::uint64_t step, std::uint64_t shard = 0);

  bool is_training() const { return drawn_ != nullptr; }
  // The same randomness for another run of the same computation, as inside checkpoint().
  Mode again() const;
  // The key of what `site` draws at its use number `call`. A std::logic_error that names the site
  // if it has drawn this already.
  std::uint64_t draw(std::string_view site, std::uint64_t call) const;

 private:
  struct Drawn;
  std::uint64_t key_ = 0;
  std::shared_ptr<Drawn> drawn_;  // null: evaluation
};

inline const Mode kEvaluation{};

}  // namespace babelgrad
