// Whether a model is being trained, and from which key its layers then draw.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "babelgrad/autograd/random.h"

namespace babelgrad {

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
  // The same randomness for time step t of a sequence that runs one step after the other: there a
  // layer draws for x [B, F] what it would draw in place t of the whole [T, B, F].
  Mode at_time(std::size_t t) const;
  std::optional<std::size_t> time() const { return time_; }  // nothing: of a whole sequence
  // The key of what `site` draws at its use number `call`; the same for all time steps. A
  // std::logic_error that names the site if it has drawn this already.
  std::uint64_t draw(std::string_view site, std::uint64_t call) const;

 private:
  struct Drawn;
  std::uint64_t key_ = 0;
  std::optional<std::size_t> time_;
  std::shared_ptr<Drawn> drawn_;  // null: evaluation
};

inline const Mode kEvaluation{};

}  // namespace babelgrad
