// What the recurrences share (gru.cpp, lstm.cpp, rnn.cpp, attention_gru.cpp): the checks of their
// arguments, the order of the steps, the definition over a sequence, the gradients of the weights.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "babelgrad/autograd/kernels/kernels.h"
#include "babelgrad/autograd/ops.h"
#include "babelgrad/autograd/ops/gru_part.h"
#include "babelgrad/autograd/ops/lengths.h"
#include "babelgrad/autograd/products/gemm.h"
#include "babelgrad/autograd/vjp.h"

namespace babelgrad::recurrence {

// The inputs of a fused recurrence: these, then its initial states from kState on.
enum Input : std::size_t { kX, kWeightIh, kWeightHh, kBiasIh, kBiasHh, kState };

template <class T>
RecurrentWeights<T> weights_of(const std::vector<Tensor<T>>& inputs) {
  return {inputs[kWeightIh], inputs[kWeightHh], inputs[kBiasIh], inputs[kBiasHh]};
}

// Throws a ShapeError of `op` unless they are those of a recurrence of so many gates and inputs and
// H = hidden.
template <class T>
void check_weights(const char* op, std::size_t gates, const RecurrentWeights<T>& w,
                   std::size_t inputs, std::size_t hidden) {
  const std::size_t rows = gates * hidden;
  if (w.weight_ih.shape() == Shape{rows, inputs} && w.weight_hh.shape() == Shape{rows, hidden} &&
      w.bias_ih.shape() == Shape{rows} && w.bias_hh.shape() == Shape{rows})
    return;
  const std::string n = (gates == 1 ? "" : std::to_string(gates)) + "H";
  throw_shape_error(op,
                    "need weight_ih [" + n + ", E], weight_hh [" + n + ", H], bias_ih [" + n +
                        "] and bias_hh [" + n + "] with H " + std::to_string(hidden) + " and E " +
                        std::to_string(inputs),
                    {{"weight_ih", w.weight_ih.shape()},
                     {"weight_hh", w.weight_hh.shape()},
                     {"bias_ih", w.bias_ih.shape()},
                     {"bias_hh", w.bias_hh.shape()}});
}

// The extents of a sequence, and the order in which its steps are taken.
struct Sequence {
  std::size_t steps, batch, inputs, hidden;
  bool reverse;
  IntArray active;  // [T, B] 1 where a step is real, or not given: all are

  std::size_t rows() const { return steps * batch; }
  std::size_t block() const { return batch * hidden; }  // elements of a step's states
  std::size_t time(std::size_t k) const { return reverse ? steps - 1 - k : k; }  // of the k-th step
  Mask active_rows(std::size_t t) const {                                        // [B, 1]
    return nonzero(active.leading(t, t + 1).reshaped({batch, 1}));
  }
  const std::int32_t* active_at(std::size_t t) const {
    return active.given() ? active.data() + t * batch : nullptr;
  }
};

// [T, B], or not given if every sequence has the full length.
inline IntArray make_active(const char* op, const IntArray& lengths, std::size_t steps,
                            std::size_t batch) {
  const std::vector<std::size_t> checked = checked_lengths(op, lengths, batch, steps);
  if (std::all_of(checked.begin(), checked.end(), [=](std::size_t n) { return n == steps; }))
    return {};
  IntArray active = uninitialized<std::int32_t>({steps, batch});
  for (std::size_t t = 0; t < steps; ++t)
    for (std::size_t b = 0; b < batch; ++b) active.data()[t * batch + b] = t < checked[b];
  return active;
}

// Of a recurrence over x [T, B, E] with these initial states, each of which may be undefined.
template <class T>
Sequence sequence_of(const char* op, const Tensor<T>& x, std::size_t hidden,
                     const std::vector<Tensor<T>>& initial, const IntArray& lengths,
                     Direction direction) {
  if (x.rank() != 3 || x.size() == 0)
    throw_shape_error(op, "need x [T, B, E], each at least 1", {{"x", x.shape()}});
  for (const Tensor<T>& state : initial)
    if (state.defined() && state.shape() != Shape{x.dim(1), hidden})
      throw_shape_error(op, "need an initial state [B, H]",
                        {{"x", x.shape()}, {"initial_state", state.shape()}});
  return {x.dim(0),
          x.dim(1),
          x.dim(2),
          hidden,
          direction == Direction::reverse,
          make_active(op, lengths, x.dim(0), x.dim(1))};
}

// The same, and the weights are those of so many gates.
template <class T>
Sequence checked_sequence(const char* op, std::size_t gates, const Tensor<T>& x,
                          const RecurrentWeights<T>& w, const std::vector<Tensor<T>>& initial,
                          const IntArray& lengths, Direction direction) {
  const std::size_t hidden = w.weight_hh.rank() == 0 ? 0 : w.weight_hh.shape().back();
  const Sequence q = sequence_of(op, x, hidden, initial, lengths, direction);
  check_weights(op, gates, w, q.inputs, q.hidden);
  return q;
}

// Of one step: x [B, E], state [B, H].
template <class T>
Sequence checked_step(const char* op, std::size_t gates, const Tensor<T>& x, const Tensor<T>& state,
                      const RecurrentWeights<T>& w) {
  if (x.rank() != 2 || state.rank() != 2 || x.dim(0) != state.dim(0) || x.size() == 0)
    throw_shape_error(op, "need x [B, E] and state [B, H], each at least 1",
                      {{"x", x.shape()}, {"state", state.shape()}});
  check_weights(op, gates, w, x.dim(1), state.dim(1));
  return {1, x.dim(0), x.dim(1), state.dim(1), false, {}};
}

// An undefined initial state is zeros.
template <class T>
Tensor<T> or_zeros(const Tensor<T>& state, const Sequence& q) {
  return state.defined() ? state : Tensor<T>(zeros<T>({q.batch, q.hidden}));
}

template <class T>
struct Fold {
  Tensor<T> states;              // [T, B, H], of the first of the step's states
  std::vector<Tensor<T>> final;  // [B, H] each
};

// A recurrence over x [T, B, E] by its step, x_t [B, E] and states [B, H] each -> the next states.
// Where a step is beyond a sequence's length, the states are carried on.
template <class T, class Step>
Fold<T> fold(const Sequence& q, const Tensor<T>& x, std::vector<Tensor<T>> states,
             const Step& step) {
  std::vector<Tensor<T>> outputs(q.steps);
  for (std::size_t k = 0; k < q.steps; ++k) {
    const std::size_t t = q.time(k);
    std::vector<Tensor<T>> next = step(x[static_cast<std::ptrdiff_t>(t)], states);
    if (q.active.given())
      for (std::size_t i = 0; i < next.size(); ++i)
        next[i] = where(q.active_rows(t), next[i], states[i]);
    states = std::move(next);
    outputs[t] = states[0];
  }
  return {stack(outputs, 0), std::move(states)};
}

// A GRU's next state from both sides of its gates r, z, n, [B, 3H] each, and its state h [B, H].
// see(part, x) is told of each part x [B, H] and returns what the step goes on with.
template <class T, class See>
Tensor<T> gru_state(const Tensor<T>& input_side, const Tensor<T>& state_side, const Tensor<T>& h,
                    const See& see) {
  const std::vector<Tensor<T>> gi = chunk(input_side, 3, -1), gh = chunk(state_side, 3, -1);
  const Tensor<T> r = see(GruPart::reset, sigmoid(gi[0] + gh[0]));
  const Tensor<T> z = see(GruPart::update, sigmoid(gi[1] + gh[1]));
  const Tensor<T> n = see(GruPart::candidate, tanh(gi[2] + r * gh[2]));
  return see(GruPart::state, (1 - z) * n + z * h);
}
template <class T>
Tensor<T> gru_state(const Tensor<T>& input_side, const Tensor<T>& state_side, const Tensor<T>& h) {
  return gru_state(input_side, state_side, h, [](GruPart, const Tensor<T>& x) { return x; });
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
