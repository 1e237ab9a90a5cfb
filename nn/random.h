// Whether a model is being trained, and from which key its layers then draw.
#pragma once

#include <cstdint>

#include "babelgrad/autograd/random.h"

namespace babelgrad {

// Whether layers behave as in training, and the randomness of this step if so.
struct Mode {
  bool training = false;
  std::uint64_t seed = 0;
  std::uint64_t step = 0;
  std::uint64_t shard = 0;  // part of the batch; each draws masks of its own
};

inline constexpr Mode kEvaluation{};

}  // namespace babelgrad
