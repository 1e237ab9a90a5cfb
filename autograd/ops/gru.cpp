// The GRU, with the reset gate after the recurrent product as in PyTorch and cuDNN:
//   r = s(W_ir x + b_ir + W_hr h + b_hr)     z = s(W_iz x + b_iz + W_hz h + b_hz)
//   n = tanh(W_in x + b_in + r (W_hn h + b_hn))     h' = (1 - z) n + z h
//
// Over a whole sequence the input side of all steps is one product, and so is each weight gradient;
// what remains per step is one product with W_hh and one pass over the gates, either way.
#include "babelgrad/autograd/inspection/profile.h"
#include "babelgrad/autograd/ops/fused_recurrence.h"
#include "babelgrad/autograd/products/packed_matrix.h"

namespace babelgrad {
namespace {

using namespace recurrence;

template <class T>
struct GruSaved {
  Array<T> gates;             // [T, B, 3H]: r, z, n; in the backward pass: d gi
  Array<T> candidate_hidden;  // [T, B, H]: W_hn h + b_hn
};

template <class T>
Array<T> run_forward(const Sequence& q, const Array<T>& x, const T* initial, const GruWeights<T>& w,
                     GruSaved<T>& saved) {
  const std::size_t H = q.hidden, block = q.block();
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
                                   const T* weight_hh, Array<T>& grad, GruSaved<T>& saved) {
  const std::size_t H = q.hidden, block = q.block();
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

// x [T, B, E] or, for one step, [B, E]; records the op under `name`.
template <class T>
Tensor<T> record_gru(const char* name, const Sequence& q, const Tensor<T>& x,
                     const Tensor<T>& state, const GruWeights<T>& w, const Shape& result) {
  const ProfileScope profile(name);
  const bool has_state = state.defined();
  const Array<T> zero_state = has_state ? Array<T>() : zeros<T>({q.batch, q.hidden});
  GruSaved<T> saved;
  Array<T> states =
      run_forward(q, x.value(), has_state ? state.value().data() : zero_state.data(), w, saved);
  std::vector<Tensor<T>> inputs{x, w.weight_ih, w.weight_hh, w.bias_ih, w.bias_hh};
  if (has_state) inputs.push_back(state);
  auto vjp = [q, has_state, zero_state, saved = std::move(saved)](Vjp<T>& c) mutable {
    GruSaved<T> work = c.last_visit() ? std::move(saved) : saved;
    const T* initial = has_state ? c.in(kState).data() : zero_state.data();
    Array<T> grad = c.take_grad();
    RecurrentGradients<T> d = run_backward(q, c.out(), initial, c.in(kWeightHh).data(), grad, work);
    input_gradients(c, q, c.out().data(), initial, !has_state, work.gates.data(), d.gh.data());
    if (has_state && c.wants(kState)) c.accumulate(kState, std::move(d.initial));
  };
  Definition<T> definition = [q, has_state, result](const std::vector<Tensor<T>>& in) {
    const GruWeights<T> weights = weights_of(in);
    const auto step = [&](const Tensor<T>& x_t, const std::vector<Tensor<T>>& h) {
      return std::vector<Tensor<T>>{gru_state(linear(x_t, weights.weight_ih, weights.bias_ih),
                                              linear(h[0], weights.weight_hh, weights.bias_hh),
                                              h[0])};
    };
    const Tensor<T> steps = reshape(in[kX], Shape{q.steps, q.batch, q.inputs});
    const Tensor<T> start = or_zeros(has_state ? in[kState] : Tensor<T>(), q);
    return reshape(fold(q, steps, {start}, step).states, result);
  };
  return record(name, std::move(inputs), std::move(states).reshaped(result), std::move(vjp),
                std::move(definition));
}

}  // namespace

template <class T>
Tensor<T> gru(const Tensor<T>& x, const Tensor<T>& initial_state, const GruWeights<T>& weights,
              const IntArray& lengths, Direction direction) {
  const Sequence q = checked_sequence("gru", 3, x, weights, {initial_state}, lengths, direction);
  return record_gru("gru", q, x, initial_state, weights, {q.steps, q.batch, q.hidden});
}

template <class T>
Tensor<T> gru_cell(const Tensor<T>& x, const Tensor<T>& state, const GruWeights<T>& weights) {
  const Sequence q = checked_step("gru_cell", 3, x, state, weights);
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
