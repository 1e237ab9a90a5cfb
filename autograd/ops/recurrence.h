// What recurrences share: the checks of their arguments, the order of the steps, the definition
// over a sequence, and the definitions of the cells, every part of which can be seen.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "babelgrad/autograd/ops.h"
#include "babelgrad/autograd/ops/cell_part.h"
#include "babelgrad/autograd/ops/lengths.h"

namespace babelgrad::recurrence {

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

// A cell's way of being looked at: see(part, x) is told of each part x [B, H] and returns what the
// step goes on with.
inline constexpr auto kSeeNothing = [](CellPart, const auto& x) { return x; };

// A GRU's next state from both sides of its gates r, z, n, [B, 3H] each, and its state h [B, H].
template <class T, class See = decltype(kSeeNothing)>
Tensor<T> gru_state(const Tensor<T>& input_side, const Tensor<T>& state_side, const Tensor<T>& h,
                    const See& see = kSeeNothing) {
  const std::vector<Tensor<T>> gi = chunk(input_side, 3, -1), gh = chunk(state_side, 3, -1);
  const Tensor<T> r = see(CellPart::reset, sigmoid(gi[0] + gh[0]));
  const Tensor<T> z = see(CellPart::update, sigmoid(gi[1] + gh[1]));
  const Tensor<T> n = see(CellPart::candidate, tanh(gi[2] + r * gh[2]));
  return see(CellPart::state, (1 - z) * n + z * h);
}

// An LSTM's next state from the sum of both sides of its gates i, f, g, o [B, 4H], and its state.
// What reads the new cell is read(c).
template <class T, class See, class Read>
LstmState<T> lstm_state(const Tensor<T>& gates, const LstmState<T>& state, const See& see,
                        const Read& read) {
  const std::vector<Tensor<T>> parts = chunk(gates, 4, -1);
  const Tensor<T> i = see(CellPart::input, sigmoid(parts[0]));
  const Tensor<T> f = see(CellPart::forget, sigmoid(parts[1]));
  const Tensor<T> g = see(CellPart::candidate, tanh(parts[2]));
  const Tensor<T> o = see(CellPart::output, sigmoid(parts[3]));
  const Tensor<T> c = see(CellPart::cell, f * state.c + i * g);
  return {see(CellPart::state, o * read(c)), c};
}
template <class T, class See = decltype(kSeeNothing)>
LstmState<T> lstm_state(const Tensor<T>& gates, const LstmState<T>& state,
                        const See& see = kSeeNothing) {
  return lstm_state(gates, state, see, [](const Tensor<T>& c) { return tanh(c); });
}

}  // namespace babelgrad::recurrence
