// The check of sequence lengths, for the ops that read padded sequences.
#pragma once

#include <vector>

#include "babelgrad/autograd/ops.h"

namespace babelgrad {

// The lengths [B] of sequences padded to `steps`; without lengths, `steps` each. Throws a
// ShapeError of `op` unless there are `batch` of them, each in [1, steps].
std::vector<std::size_t> checked_lengths(const char* op, const IntArray& lengths, std::size_t batch,
                                         std::size_t steps);

// x [S, B, F] with zeros beyond the lengths [B], if they are given: what a product may read.
template <class T>
Tensor<T> without_padding(const Tensor<T>& x, const IntArray& lengths) {
  if (!lengths.given()) return x;
  const std::size_t steps = x.dim(0), batch = x.dim(1);
  Mask real = full_mask({steps, batch, 1}, false);
  for (std::size_t i = 0; i < real.size(); ++i)
    real.data()[i] = static_cast<std::int32_t>(i / batch) < lengths.data()[i % batch];
  return where(real, x, 0);
}

}  // namespace babelgrad
