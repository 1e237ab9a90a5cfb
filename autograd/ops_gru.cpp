// The GRU, with the reset gate after the recurrent product as in PyTorch and cuDNN:
//   r = s(W_ir x + b_ir + W_hr h + b_hr)     z = s(W_iz x + b_iz + W_hz h + b_hz)
//   n = tanh(W_in x + b_in + r (W_hn h + b_hn))     h' = (1 - z) n + z h
//
// Over a whole sequence the input side of all steps is one product, and so is each weight gradient;
// what remains per step is one product with W_hh and one pass over the gates, either way.
#include <algorithm>

#include "babelgrad/autograd/blas.h"
#include "babelgrad/autograd/kernels/kernels.h"
#include "babelgrad/autograd/ops.h"
#include "babelgrad/autograd/profile.h"
#include "babelgrad/autograd/vjp.h"

namespace babelgrad {
namespace {

enum Input : std::size_t { kX, kWeightIh, kWeightHh, kBiasIh, kBiasHh, kState };

template <class T>
void check_weights(const char* op, const GruWeights<T>& w, std::size_t inputs, std::size_t hidden) {
  const Shape gates{3 * hidden};
  if (w.weight_ih.shape() != Shape{3 * hidden, inputs} ||
      w.weight_hh.shape() != Shape{3 * hidden, hidden} || w.bias_ih.shape() != gates ||
      w.bias_hh.shape() != gates)
    throw_shape_error(op,
                      "need weight_ih [3H, E], weight_hh [3H, H], bias_ih [3H] and bias_hh [3H] "
                      "with H " +
                          std::to_string(hidden) + " and E " + std::to_string(inputs),
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
  std::size_t time(std::size_t k) const { return reverse ? steps - 1 - k : k; }  // of the k-th step
  const std::int32_t* active_at(std::size_t t) const {
    return given(active) ? active.data() + t * batch : nullptr;
  }
};

IntArray make_active(const IntArray& lengths, std::size_t steps, std::size_t batch) {
  if (!given(lengths)) return {};
  if (lengths.shape() != Shape{batch})
    throw_shape_error("gru", "need lengths [B] with B " + std::to_string(batch),
                      {{"lengths", lengths.shape()}});
  bool all_full = true;
  IntArray active = uninitialized<std::int32_t>({steps, batch});
  for (std::size_t b = 0; b < batch; ++b) {
    const std::int32_t length = lengths.data()[b];
    if (length < 1 || static_cast<std::size_t>(length) > steps)
      throw ShapeError("gru: need lengths in [1, " + std::to_string(steps) + "]; got " +
                       std::to_string(length) + " at position " + std::to_string(b));
    all_full = all_full && static_cast<std::size_t>(length) == steps;
    for (std::size_t t = 0; t < steps; ++t)
      active.data()[t * batch + b] = t < static_cast<std::size_t>(length);
  }
  if (all_full) return {};
  return active;
}

template <class T>
struct Saved {
  Array<T> gates;             // [T, B, 3H]: r, z, n; in the backward pass: d gi
  Array<T> candidate_hidden;  // [T, B, H]: W_hn h + b_hn; in the backward pass: its gradient
};

template <class T>
Array<T> run_forward(const Sequence& q, const Array<T>& x, const T* initial, const GruWeights<T>& w,
                     Saved<T>& saved) {
  const std::size_t H = q.hidden, block = q.batch * H;
  saved.gates = uninitialized<T>({q.steps, q.batch, 3 * H});
  saved.candidate_hidden = uninitialized<T>({q.steps, q.batch, H});
  gemm<T>(Op::none, Op::transpose, q.rows(), 3 * H, q.inputs, 1, x.data(), q.inputs,
          w.weight_ih.value().data(), q.inputs, 0, saved.gates.data(), 3 * H);
  Array<T> states = uninitialized<T>({q.steps, q.batch, H});
  Array<T> gh = uninitialized<T>({q.batch, 3 * H});
  const T* state = initial;
  for (std::size_t k = 0; k < q.steps; ++k) {
    const std::size_t t = q.time(k);
    gemm<T>(Op::none, Op::transpose, q.batch, 3 * H, H, 1, state, H, w.weight_hh.value().data(), H,
            0, gh.data(), 3 * H);
    T* next = states.data() + t * block;
    kernels<T>().gru_step({q.batch, H, q.active_at(t), w.bias_ih.value().data(),
                           w.bias_hh.value().data(), saved.gates.data() + t * 3 * block, gh.data(),
                           state, saved.candidate_hidden.data() + t * block, next});
    state = next;
  }
  return states;
}

// Turns what was saved into gradients before the gates, step by step from the last; returns the
// gradient of the initial state [B, H]. grad: d states [T, B, H].
template <class T>
Array<T> run_backward(const Sequence& q, const Array<T>& states, const T* initial,
                      const T* weight_hh, Array<T>& grad, Saved<T>& saved) {
  const std::size_t H = q.hidden, block = q.batch * H;
  Array<T> grad_state = uninitialized<T>({q.batch, H});
  Array<T> d_gh = uninitialized<T>({q.batch, 3 * H});
  for (std::size_t k = q.steps; k-- > 0;) {
    const std::size_t t = q.time(k);
    T* d_next = grad.data() + t * block;
    if (k + 1 < q.steps) kernels<T>().add(block, grad_state.data(), d_next);
    T* d_gates = saved.gates.data() + t * 3 * block;
    T* d_candidate = saved.candidate_hidden.data() + t * block;
    kernels<T>().gru_step_backward({q.batch, H, q.active_at(t),
                                    k == 0 ? initial : states.data() + q.time(k - 1) * block,
                                    d_next, d_gates, d_candidate, grad_state.data()});
    for (std::size_t b = 0; b < q.batch; ++b) {
      std::copy_n(d_gates + b * 3 * H, 2 * H, d_gh.data() + b * 3 * H);
      std::copy_n(d_candidate + b * H, H, d_gh.data() + b * 3 * H + 2 * H);
    }
    gemm<T>(Op::none, Op::none, q.batch, H, 3 * H, 1, d_gh.data(), 3 * H, weight_hh, H, 1,
            grad_state.data(), H);
  }
  return grad_state;
}

// dW_hh [3H, H] += d_gh^T h over `rows` rows. The candidate's third of d_gh stands apart.
template <class T>
void add_recurrent_product(std::size_t rows, std::size_t H, const T* d_gates, const T* d_candidate,
                           const T* h, GradientBuffer<T> out) {
  gemm<T>(Op::transpose, Op::none, 2 * H, H, rows, 1, d_gates, 3 * H, h, H, out.beta, out.data, H);
  gemm<T>(Op::transpose, Op::none, H, H, rows, 1, d_candidate, H, h, H, out.beta,
          out.data + 2 * H * H, H);
}

template <class T>
void weight_gradients(Vjp<T>& c, const Sequence& q, const Array<T>& states, const T* initial,
                      bool initial_is_zero, const Saved<T>& saved) {
  const std::size_t H = q.hidden, block = q.batch * H;
  const T* d_gates = saved.gates.data();
  const T* d_candidate = saved.candidate_hidden.data();
  if (c.wants(kWeightIh)) {
    const GradientBuffer<T> out = c.buffer(kWeightIh);
    gemm<T>(Op::transpose, Op::none, 3 * H, q.inputs, q.rows(), 1, d_gates, 3 * H, c.in(kX).data(),
            q.inputs, out.beta, out.data, q.inputs);
  }
  if (c.wants(kWeightHh)) {
    // Step t read the state of t - 1 (reverse: t + 1): all steps but the first in one product.
    GradientBuffer<T> out = c.buffer(kWeightHh);
    const std::size_t first = q.time(0), rest = q.reverse ? 0 : 1;
    const std::size_t rows = (q.steps - 1) * q.batch;
    add_recurrent_product(rows, H, d_gates + rest * 3 * block, d_candidate + rest * block,
                          states.data() + (q.reverse ? block : 0), out);
    out.beta = 1;
    if (!initial_is_zero)
      add_recurrent_product(q.batch, H, d_gates + first * 3 * block, d_candidate + first * block,
                            initial, out);
  }
  if (c.wants(kBiasIh))
    kernels<T>().sum_rows(q.rows(), 3 * H, d_gates, 3 * H, c.sum_buffer(kBiasIh));
  if (c.wants(kBiasHh)) {
    T* sums = c.sum_buffer(kBiasHh);
    kernels<T>().sum_rows(q.rows(), 2 * H, d_gates, 3 * H, sums);
    kernels<T>().sum_rows(q.rows(), H, d_candidate, H, sums + 2 * H);
  }
  if (c.wants(kX)) {
    const GradientBuffer<T> out = c.buffer(kX);
    gemm<T>(Op::none, Op::none, q.rows(), q.inputs, 3 * H, 1, d_gates, 3 * H,
            c.in(kWeightIh).data(), q.inputs, out.beta, out.data, q.inputs);
  }
}

// x [T, B, E]; records the op over a whole sequence under `name`.
template <class T>
Tensor<T> record_gru(const char* name, const Sequence& q, const Tensor<T>& x,
                     const Tensor<T>& state, const GruWeights<T>& w, const Shape& result) {
  const ProfileScope profile(name);
  const bool has_state = state.defined();
  const Array<T> zero_state = has_state ? Array<T>() : zeros<T>({q.batch, q.hidden});
  Saved<T> saved;
  Array<T> states =
      run_forward(q, x.value(), has_state ? state.value().data() : zero_state.data(), w, saved);
  std::vector<Tensor<T>> inputs{x, w.weight_ih, w.weight_hh, w.bias_ih, w.bias_hh};
  if (has_state) inputs.push_back(state);
  return record<T>(name, std::move(inputs), reshaped(std::move(states), result),
                   [q, has_state, zero_state, saved = std::move(saved)](Vjp<T>& c) mutable {
                     Saved<T> work = c.last_visit() ? std::move(saved) : saved;
                     const T* initial = has_state ? c.in(kState).data() : zero_state.data();
                     Array<T> d_initial =
                         run_backward(q, c.out(), initial, c.in(kWeightHh).data(), c.grad, work);
                     weight_gradients(c, q, c.out(), initial, !has_state, work);
                     if (has_state && c.wants(kState)) c.accumulate(kState, std::move(d_initial));
                   });
}

}  // namespace

template <class T>
Tensor<T> gru(const Tensor<T>& x, const Tensor<T>& initial_state, const GruWeights<T>& weights,
              const IntArray& lengths, Direction direction) {
  if (x.rank() != 3 || x.size() == 0)
    throw_shape_error("gru", "need x [T, B, E], each at least 1", {{"x", x.shape()}});
  const std::size_t hidden = weights.weight_hh.rank() == 0 ? 0 : weights.weight_hh.shape().back();
  check_weights("gru", weights, x.dim(2), hidden);
  if (initial_state.defined() && initial_state.shape() != Shape{x.dim(1), hidden})
    throw_shape_error("gru", "need an initial state [B, H]",
                      {{"x", x.shape()}, {"initial_state", initial_state.shape()}});
  const Sequence q{x.dim(0),
                   x.dim(1),
                   x.dim(2),
                   hidden,
                   direction == Direction::reverse,
                   make_active(lengths, x.dim(0), x.dim(1))};
  return record_gru("gru", q, x, initial_state, weights, {q.steps, q.batch, hidden});
}

template <class T>
Tensor<T> gru_cell(const Tensor<T>& x, const Tensor<T>& state, const GruWeights<T>& weights) {
  if (x.rank() != 2 || state.rank() != 2 || x.dim(0) != state.dim(0) || x.size() == 0)
    throw_shape_error("gru_cell", "need x [B, E] and state [B, H], each at least 1",
                      {{"x", x.shape()}, {"state", state.shape()}});
  check_weights("gru_cell", weights, x.dim(1), state.dim(1));
  const Sequence q{1, x.dim(0), x.dim(1), state.dim(1), false, {}};
  return record_gru("gru_cell", q, x, state, weights, {q.batch, q.hidden});
}

#define BABELGRAD_INSTANTIATE(T)                                                   \
  template Tensor<T> gru(const Tensor<T>&, const Tensor<T>&, const GruWeights<T>&, \
                         const IntArray&, Direction);                              \
  template Tensor<T> gru_cell(const Tensor<T>&, const Tensor<T>&, const GruWeights<T>&);
BABELGRAD_INSTANTIATE(float)
BABELGRAD_INSTANTIATE(double)
#undef BABELGRAD_INSTANTIATE

}  // namespace babelgrad
