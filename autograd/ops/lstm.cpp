// The LSTM, as PyTorch's and cuDNN's:
//   i = s(W_ii x + b_ii + W_hi h + b_hi)     f = s(W_if x + b_if + W_hf h + b_hf)
//   g = tanh(W_ig x + b_ig + W_hg h + b_hg)  o = s(W_io x + b_io + W_ho h + b_ho)
//   c' = f c + i g     h' = o tanh(c')
//
// As in gru.cpp, what remains per step is one product with W_hh, added to the input side in place,
// and one pass over the gates. The op's result is [T + 1, B, H]: the states of all steps, then the
// final cell; both are views of it, so both are differentiated through the same node.
#include "babelgrad/autograd/inspection/profile.h"
#include "babelgrad/autograd/ops/fused_recurrence.h"
#include "babelgrad/autograd/products/packed_matrix.h"

namespace babelgrad {
namespace {

using namespace recurrence;

constexpr std::size_t kCell = kState + 1;

template <class T>
struct LstmSaved {
  Array<T> gates;  // [T, B, 4H]: i, f, g, o; in the backward pass: their gradients
  Array<T> cells;  // [T, B, H]
};

template <class T>
Array<T> run_forward(const Sequence& q, const std::vector<Tensor<T>>& in, LstmSaved<T>& saved) {
  const auto data = [&](std::size_t i) { return in[i].value().data(); };
  const std::size_t H = q.hidden, block = q.block();
  saved = {uninitialized<T>({q.steps, q.batch, 4 * H}), uninitialized<T>({q.steps, q.batch, H})};
  gemm<T>(Transpose::no, Transpose::yes, q.rows(), 4 * H, q.inputs, 1, data(kX), q.inputs,
          data(kWeightIh), q.inputs, 0, saved.gates.data(), 4 * H);
  Array<T> result = uninitialized<T>({q.steps + 1, q.batch, H});
  const T *state = data(kState), *cell = data(kCell);
  const PackedMatrix<T> w_hh(Transpose::yes, H, 4 * H, data(kWeightHh), H);
  for (std::size_t k = 0; k < q.steps; ++k) {
    const std::size_t t = q.time(k);
    T* gates = saved.gates.data() + t * 4 * block;
    T* next_state = result.data() + t * block;
    T* next_cell = saved.cells.data() + t * block;
    w_hh.multiply(q.batch, state, H, 1, gates, 4 * H);
    kernels<T>().lstm_step({q.batch, H, q.active_at(t), data(kBiasIh), data(kBiasHh), gates, state,
                            cell, next_state, next_cell});
    state = next_state;
    cell = next_cell;
  }
  std::copy_n(cell, block, result.data() + q.steps * block);
  return result;
}

// Turns the saved gates into their gradients, step by step from the last, and the last block of
// grad [T + 1, B, H] into the initial cell's; returns the initial state's.
template <class T>
Array<T> run_backward(Vjp<T>& c, const Sequence& q, Array<T>& grad, LstmSaved<T>& saved) {
  const std::size_t H = q.hidden, block = q.block();
  Array<T> d_state = uninitialized<T>({q.batch, H});
  const PackedMatrix<T> w_hh(Transpose::no, 4 * H, H, c.in(kWeightHh).data(), H);
  for (std::size_t k = q.steps; k-- > 0;) {
    const std::size_t t = q.time(k);
    T* d_next = grad.data() + t * block;
    if (k + 1 < q.steps) kernels<T>().add(block, d_state.data(), d_next);
    T* gates = saved.gates.data() + t * 4 * block;
    const T* cell = k == 0 ? c.in(kCell).data() : saved.cells.data() + q.time(k - 1) * block;
    kernels<T>().lstm_step_backward({q.batch, H, q.active_at(t), cell,
                                     saved.cells.data() + t * block, d_next, gates,
                                     grad.data() + q.steps * block, d_state.data()});
    if (k > 0 || c.wants(kState)) w_hh.multiply(q.batch, gates, 4 * H, 1, d_state.data(), H);
  }
  return d_state;
}

// One step of the recurrence, the definition: x [B, E], state h and c [B, H] each.
template <class T>
std::vector<Tensor<T>> compose_step(const Tensor<T>& x, const std::vector<Tensor<T>>& state,
                                    const LstmWeights<T>& w) {
  const LstmState<T> next =
      lstm_state(linear(x, w.weight_ih, w.bias_ih) + linear(state[0], w.weight_hh, w.bias_hh),
                 LstmState<T>{state[0], state[1]});
  return {next.h, next.c};
}

// x [T, B, E] or, for one step, [B, E]; records the op under `name`. Its result is [T + 1, B, H].
template <class T>
Tensor<T> record_lstm(const char* name, const Sequence& q, const Tensor<T>& x,
                      const LstmState<T>& initial, const LstmWeights<T>& w) {
  const ProfileScope profile(name);
  const bool state_is_zero = !initial.h.defined();
  std::vector<Tensor<T>> inputs{x,
                                w.weight_ih,
                                w.weight_hh,
                                w.bias_ih,
                                w.bias_hh,
                                or_zeros(initial.h, q),
                                or_zeros(initial.c, q)};
  LstmSaved<T> saved;
  Array<T> result = run_forward(q, inputs, saved);
  auto vjp = [q, state_is_zero, saved = std::move(saved)](Vjp<T>& c) mutable {
    LstmSaved<T> work = c.last_visit() ? std::move(saved) : saved;
    Array<T> grad = c.take_grad();
    Array<T> d_state = run_backward(c, q, grad, work);
    input_gradients(c, q, c.out().data(), c.in(kState).data(), state_is_zero, work.gates.data(),
                    work.gates.data());
    c.accumulate(kState, std::move(d_state));
    c.accumulate(kCell, grad.leading(q.steps, q.steps + 1).reshaped({q.batch, q.hidden}));
  };
  Definition<T> definition = [q](const std::vector<Tensor<T>>& in) {
    const LstmWeights<T> weights = weights_of(in);
    const Fold<T> run =
        fold(q, reshape(in[kX], Shape{q.steps, q.batch, q.inputs}), {in[kState], in[kCell]},
             [&](const auto& x_t, const auto& state) { return compose_step(x_t, state, weights); });
    return cat({run.states, unsqueeze(run.final[1], 0)}, 0);
  };
  return record(name, std::move(inputs), std::move(result), std::move(vjp), std::move(definition));
}

}  // namespace

template <class T>
LstmStates<T> lstm(const Tensor<T>& x, const LstmState<T>& initial, const LstmWeights<T>& weights,
                   const IntArray& lengths, Direction direction) {
  const Sequence q =
      checked_sequence("lstm", 4, x, weights, {initial.h, initial.c}, lengths, direction);
  const Tensor<T> both = record_lstm("lstm", q, x, initial, weights);
  return {slice(both, 0, 0, -1), both[-1]};
}

template <class T>
LstmState<T> lstm_cell(const Tensor<T>& x, const LstmState<T>& state,
                       const LstmWeights<T>& weights) {
  const Sequence q = checked_step("lstm_cell", 4, x, state.h, weights);
  if (state.c.shape() != state.h.shape())
    throw_shape_error("lstm_cell", "need a state of h and c, [B, H] each",
                      {{"h", state.h.shape()}, {"c", state.c.shape()}});
  const Tensor<T> both = record_lstm("lstm_cell", q, x, state, weights);
  return {both[0], both[1]};
}

#define BABELGRAD_INSTANTIATE(T)                                                            \
  template LstmStates<T> lstm(const Tensor<T>&, const LstmState<T>&, const LstmWeights<T>&, \
                              const IntArray&, Direction);                                  \
  template LstmState<T> lstm_cell(const Tensor<T>&, const LstmState<T>&, const LstmWeights<T>&);
BABELGRAD_INSTANTIATE(float)
BABELGRAD_INSTANTIATE(double)
#undef BABELGRAD_INSTANTIATE

}  // namespace babelgrad
