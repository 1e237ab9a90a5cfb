// What the fused recurrences share (gru.cpp, lstm.cpp, rnn.cpp, attention_gru.cpp): the order of
// their inputs, and the gradients of the weights.
#pragma once

#include "babelgrad/autograd/kernels/kernels.h"
#include "babelgrad/autograd/ops/recurrence.h"
#include "babelgrad/autograd/products/gemm.h"
#include "babelgrad/autograd/vjp.h"

namespace babelgrad::recurrence {

// The inputs of a fused recurrence: these, then its initial states from kState on.
enum Input : std::size_t { kX, kWeightIh, kWeightHh, kBiasIh, kBiasHh, kState };

template <class T>
RecurrentWeights<T> weights_of(const std::vector<Tensor<T>>& inputs) {
  return {inputs[kWeightIh], inputs[kWeightHh], inputs[kBiasIh], inputs[kBiasHh]};
}

// The gradients of x and the weights, one product each. d_gi, d_gh: [T, B, G], of the products of
// x and of the state; states: [T, B, H], the output; initial: [B, H].
template <class T>
void input_gradients(Vjp<T>& c, const Sequence& q, const T* states, const T* initial,
                     bool initial_is_zero, const T* d_gi, const T* d_gh) {
  const std::size_t H = q.hidden, G = c.shape(kBiasIh)[0], block = q.block();
  if (c.wants(kWeightIh)) {
    const GradientBuffer<T> out = c.buffer(kWeightIh);
    gemm<T>(Transpose::yes, Transpose::no, G, q.inputs, q.rows(), 1, d_gi, G, c.in(kX).data(),
            q.inputs, out.beta, out.data, q.inputs);
  }
  if (c.wants(kWeightHh)) {
    // Step t read the state of t - 1 (reverse: t + 1): all steps but the first in one product.
    const GradientBuffer<T> out = c.buffer(kWeightHh);
    const std::size_t rows = (q.steps - 1) * q.batch;
    gemm<T>(Transpose::yes, Transpose::no, G, H, rows, 1, d_gh + (q.reverse ? 0 : q.batch * G), G,
            states + (q.reverse ? block : 0), H, out.beta, out.data, H);
    if (!initial_is_zero)
      gemm<T>(Transpose::yes, Transpose::no, G, H, q.batch, 1, d_gh + q.time(0) * q.batch * G, G,
              initial, H, 1, out.data, H);
  }
  if (c.wants(kBiasIh) || c.wants(kBiasHh)) {
    Array<T> sums = zeros<T>({G});
    kernels<T>().sum_rows(q.rows(), G, d_gi, G, sums.data());
    c.accumulate(kBiasIh, sums);
    if (d_gh != d_gi) {
      sums = zeros<T>({G});
      kernels<T>().sum_rows(q.rows(), G, d_gh, G, sums.data());
    }
    c.accumulate(kBiasHh, std::move(sums));
  }
  if (c.wants(kX)) {
    const GradientBuffer<T> out = c.buffer(kX);
    gemm<T>(Transpose::no, Transpose::no, q.rows(), q.inputs, G, 1, d_gi, G, c.in(kWeightIh).data(),
            q.inputs, out.beta, out.data, q.inputs);
  }
}

}  // namespace babelgrad::recurrence
