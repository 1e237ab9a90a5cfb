// The GRU, with the reset gate after the recurrent product as in PyTorch and cuDNN:
//   r = s(W_ir x + b_ir + W_hr h + b_hr)     z = s(W_iz x + b_iz + W_hz h + b_hz)
//   n = tanh(W_in x + b_in + r (W_hn h + b_hn))     h' = (1 - z) n + z h
//
// Over a whole sequence the input side of all steps is one product, and so is each weight gradient;
// what remains per step is one product with W_hh and one pass over the gates, either way.
#include <algorithm>

#include "babelgrad/autograd/inspection/profile.h"
#include "babelgrad/autograd/kernels/kernels.h"
#include "babelgrad/autograd/ops/gru_weights.h"
#include "babelgrad/autograd/ops/lengths.h"
#include "babelgrad/autograd/products/packed_matrix.h"
#include "babelgrad/autograd/vjp.h"

namespace babelgrad {
namespace {

enum Input : std::size_t { kX, kWeightIh, kWeightHh, kBiasIh, kBiasHh, kState };

// The extents of a sequence, and the order in which its steps are taken.
struct Sequence {
  std::size_t steps, batch, inputs, hidden;
  bool reverse;
  IntArray active;  // [T, B] 1 where a step is real, or not given: all are

  std::size_t rows() const { return steps * batch; }
  std::size_t time(std::size_t k) const { return reverse ? steps - 1 - k : k; }  // of the k-th step
  Mask active_rows(std::size_t t) const {                                        // [B, 1]
    return nonzero(active.leading(t, t + 1).reshaped({batch, 1}));
  }
  const std::int32_t* active_at(std::size_t t) const {
    return active.given() ? active.data() + t * batch : nullptr;
  }
};

IntArray make_active(const IntArray& lengths, std::size_t steps, std::size_t batch) {
  const std::vector<std::size_t> checked = checked_lengths("gru", lengths, batch, steps);
  if (std::all_of(checked.begin(), checked.end(), [=](std::size_t n) { return n == steps; }))
    return {};
  IntArray active = uninitialized<std::int32_t>({steps, batch});
  for (std::size_t t = 0; t < steps; ++t)
    for (std::size_t b = 0; b < batch; ++b) active.data()[t * batch + b] = t < checked[b];
  return active;
}

template <class T>
struct Saved {
  Array<T> gates;             // [T, B, 3H]: r, z, n; in the backward pass: d gi
  Array<T> candidate_hidden;  // [T, B, H]: W_hn h + b_hn
};

template <class T>
Array<T> run_forward(const Sequence& q, const Array<T>& x, const T* initial, const GruWeights<T>& w,
                     Saved<T>& saved) {
  const std::size_t H = q.hidden, block = q.batch * H;
  saved.gates = uninitialized<T>({q.steps, q.batch, 3 * H});
  saved.candidate_hidden = uninitialized<T>({q.steps, q.batch, H});
  gemm<T>(Transpose::no, Transpose::yes, q.rows(), 3 * H, q.inputs, 1, x.data(), q.inputs,
          w.weight_ih.value().data(), q.inputs, 0, saved.gates.data(), 3 * H);
  Array<T> states = uninitialized<T>({q.steps, q.batch, H});
  Array<T> gh = uninitialized<T>({q.batch, 3 * H});
  const T* state = initial;
  const PackedMatrix<T> w_hh(Transpose::yes, H, 3 * H, w.weight_hh.value().data(), H);
  for (std::size_t k = 0; k < q.steps; ++k) {
    const std::size_t t = q.time(k);
    w_hh.multiply(q.batch, state, H, 0, gh.data(), 3 * H);
    T* next = states.data() + t * block;
    kernels<T>().gru_step({q.batch, H, q.active_at(t), w.bias_ih.value().data(),
                           w.bias_hh.value().data(), saved.gates.data() + t * 3 * block, gh.data(),
                           state, saved.candidate_hidden.data() + t * block, next});
    state = next;
  }
  return states;
}

template <class T>
struct RecurrentGradients {
  Array<T> gh;       // [T, B, 3H]
  Array<T> initial;  // [B, H]
};

// Turns the saved gates into d gi, step by step from the last. grad: d states [T, B, H].
template <class T>
RecurrentGradients<T> run_backward(const Sequence& q, const Array<T>& states, const T* initial,
                                   const T* weight_hh, Array<T>& grad, Saved<T>& saved) {
  const std::size_t H = q.hidden, block = q.batch * H;
  RecurrentGradients<T> d{uninitialized<T>({q.steps, q.batch, 3 * H}),
                          uninitialized<T>({q.batch, H})};
  const PackedMatrix<T> w_hh(Transpose::no, 3 * H, H, weight_hh, H);
  for (std::size_t k = q.steps; k-- > 0;) {
    const std::size_t t = q.time(k);
    T* d_next = grad.data() + t * block;
    if (k + 1 < q.steps) kernels<T>().add(block, d.initial.data(), d_next);
    T* d_gh = d.gh.data() + t * 3 * block;
    kernels<T>().gru_step_backward({q.batch, H, q.active_at(t),
                                    k == 0 ? initial : states.data() + q.time(k - 1) * block,
                                    d_next, saved.candidate_hidden.data() + t * block,
                                    saved.gates.data() + t * 3 * block, d_gh, d.initial.data()});
    w_hh.multiply(q.batch, d_gh, 3 * H, 1, d.initial.data(), H);
  }
  return d;
}

template <class T>
void weight_gradients(Vjp<T>& c, const Sequence& q, const T* initial, bool initial_is_zero,
                      const T* d_gi, const T* d_gh) {
  const std::size_t H = q.hidden, block = q.batch * H;
  if (c.wants(kWeightIh)) {
    const GradientBuffer<T> out = c.buffer(kWeightIh);
    gemm<T>(Transpose::yes, Transpose::no, 3 * H, q.inputs, q.rows(), 1, d_gi, 3 * H,
            c.in(kX).data(), q.inputs, out.beta, out.data, q.inputs);
  }
  if (c.wants(kWeightHh)) {
    // Step t read the state of t - 1 (reverse: t + 1): all steps but the first in one product.
    const GradientBuffer<T> out = c.buffer(kWeightHh);
    const std::size_t rows = (q.steps - 1) * q.batch;
    gemm<T>(Transpose::yes, Transpose::no, 3 * H, H, rows, 1, d_gh + (q.reverse ? 0 : 3 * block),
            3 * H, c.out().data() + (q.reverse ? block : 0), H, out.beta, out.data, H);
    if (!initial_is_zero)
      gemm<T>(Transpose::yes, Transpose::no, 3 * H, H, q.batch, 1, d_gh + q.time(0) * 3 * block,
              3 * H, initial, H, 1, out.data, H);
  }
  if (c.wants(kBiasIh)) kernels<T>().sum_rows(q.rows(), 3 * H, d_gi, 3 * H, c.sum_buffer(kBiasIh));
  if (c.wants(kBiasHh)) kernels<T>().sum_rows(q.rows(), 3 * H, d_gh, 3 * H, c.sum_buffer(kBiasHh));
  if (c.wants(kX)) {
    const GradientBuffer<T> out = c.buffer(kX);
    gemm<T>(Transpose::no, Transpose::no, q.rows(), q.inputs, 3 * H, 1, d_gi, 3 * H,
            c.in(kWeightIh).data(), q.inputs, out.beta, out.data, q.inputs);
  }
}

// One step of the recurrence, the definition: x [B, E], state [B, H] -> [B, H].
template <class T>
Tensor<T> compose_step(const Tensor<T>& x, const Tensor<T>& h, const GruWeights<T>& w) {
  const std::vector<Tensor<T>> gi = chunk(linear(x, w.weight_ih, w.bias_ih), 3, -1);
  const std::vector<Tensor<T>> gh = chunk(linear(h, w.weight_hh, w.bias_hh), 3, -1);
  const Tensor<T> r = sigmoid(gi[0] + gh[0]);
  const Tensor<T> z = sigmoid(gi[1] + gh[1]);
  const Tensor<T> n = tanh(gi[2] + r * gh[2]);
  return (1 - z) * n + z * h;
}

// The definition over a whole sequence.
template <class T>
Tensor<T> compose(const Sequence& q, const Tensor<T>& x, const Tensor<T>& initial,
                  const GruWeights<T>& w, const Shape& result) {
  const Tensor<T> steps = reshape(x, Shape{q.steps, q.batch, q.inputs});
  Tensor<T> h = initial.defined() ? initial : Tensor<T>(zeros<T>({q.batch, q.hidden}));
  std::vector<Tensor<T>> states(q.steps);
  for (std::size_t k = 0; k < q.steps; ++k) {
    const std::size_t t = q.time(k);
    const Tensor<T> next = compose_step(steps[static_cast<std::ptrdiff_t>(t)], h, w);
    h = q.active.given() ? where(q.active_rows(t), next, h) : next;
    states[t] = h;
  }
  return reshape(stack(states, 0), result);
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
  auto vjp = [q, has_state, zero_state, saved = std::move(saved)](Vjp<T>& c) mutable {
    Saved<T> work = c.last_visit() ? std::move(saved) : saved;
    const T* initial = has_state ? c.in(kState).data() : zero_state.data();
    Array<T> grad = c.take_grad();
    RecurrentGradients<T> d = run_backward(q, c.out(), initial, c.in(kWeightHh).data(), grad, work);
    weight_gradients(c, q, initial, !has_state, work.gates.data(), d.gh.data());
    if (has_state && c.wants(kState)) c.accumulate(kState, std::move(d.initial));
  };
  Definition<T> definition = [q, has_state, result](const std::vector<Tensor<T>>& in) {
    const GruWeights<T> weights{in[kWeightIh], in[kWeightHh], in[kBiasIh], in[kBiasHh]};
    return compose(q, in[kX], has_state ? in[kState] : Tensor<T>(), weights, result);
  };
  return record(name, std::move(inputs), std::move(states).reshaped(result), std::move(vjp),
                std::move(definition));
}

}  // namespace

template <class T>
Tensor<T> gru(const Tensor<T>& x, const Tensor<T>& initial_state, const GruWeights<T>& weights,
              const IntArray& lengths, Direction direction) {
  if (x.rank() != 3 || x.size() == 0)
    throw_shape_error("gru", "need x [T, B, E], each at least 1", {{"x", x.shape()}});
  const std::size_t hidden = weights.weight_hh.rank() == 0 ? 0 : weights.weight_hh.shape().back();
  check_gru_weights("gru", weights, x.dim(2), hidden);
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
  check_gru_weights("gru_cell", weights, x.dim(1), state.dim(1));
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
