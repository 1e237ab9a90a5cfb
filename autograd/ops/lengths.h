// The check of sequence lengths, for the ops that read padded sequences.
#pragma once

#include <vector>

#include "babelgrad/autograd/array.h"

namespace babelgrad {

// The lengths [B] of sequences padded to `steps`; without lengths, `steps` each. Throws a
// ShapeError of `op` unless there are `batch` of them, each in [1, steps].
std::vector<std::size_t> checked_lengths(const char* op, const IntArray& lengths, std::size_t batch,
                                         std::size_t steps);

}  // namespace babelgrad
