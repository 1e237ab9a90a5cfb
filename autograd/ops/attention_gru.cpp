// Bahdanau's recurrence over a whole sequence. What depends on the step before stays in the loop:
// the query, its scores and context, the context's part of the GRU's input, and their gradients.
// The words' part of the input and every weight gradient are one product over all steps.
#include <algorithm>

#include "babelgrad/autograd/inspection/profile.h"
#include "babelgrad/autograd/kernels/kernels.h"
#include "babelgrad/autograd/ops/fused_recurrence.h"
#include "babelgrad/autograd/ops/lengths.h"
#include "babelgrad/autograd/products/packed_matrix.h"
#include "babelgrad/autograd/vjp.h"

namespace babelgrad {
namespace {

enum Input : std::size_t {
  kWords,
  kKeys,
  kValues,
  kInitialState,
  kQueryWeight,
  kQueryBias,
  kV,
  kGruWeightIh,
  kGruWeightHh,
  kGruBiasIh,
  kGruBiasHh
};

struct AttentionGruExtents {
  std::size_t steps, source, batch, inputs, hidden, key, value;  // T, S, B, E, H, A, D
  std::vector<std::size_t> lengths;                              // [B]

  std::size_t rows() const { return steps * batch; }
  std::size_t gates() const { return 3 * hidden; }
  std::size_t ld_ih() const { return inputs + value; }      // of weight_ih [3H, E + D]
  std::size_t ld_result() const { return value + hidden; }  // of the result [c; h]
};

template <class T>
struct Saved {
  Array<T> states;            // [T, B, H]
  Array<T> gates;             // [T, B, 3H]: r, z, n; in the backward pass: d gi
  Array<T> candidate_hidden;  // [T, B, H]: W_hn h + b_hn
  Array<T> queries;           // [T, B, A]: W_q h + b_q
};

template <class T>
AttentionGruExtents check(const Tensor<T>& words, const Tensor<T>& keys, const Tensor<T>& values,
                          const Tensor<T>& state, const AdditiveScore<T>& score,
                          const GruWeights<T>& w, const IntArray& lengths) {
  const char* op = "attention_gru";
  const Shape &x = words.shape(), &k = keys.shape(), &v = values.shape(), &h = state.shape();
  if (x.size() != 3 || k.size() != 3 || v.size() != 3 || h.size() != 2 || k[0] != v[0] ||
      k[1] != x[1] || v[1] != x[1] || h[0] != x[1] || words.size() == 0 || values.size() == 0)
    throw_shape_error(op,
                      "need words [T, B, E], keys [S, B, A], values [S, B, D] and a state [B, H], "
                      "each at least 1",
                      {{"words", x}, {"keys", k}, {"values", v}, {"state", h}});
  const Shape query{k[2], h[1]};
  if (score.query_weight.shape() != query || score.query_bias.shape() != Shape{k[2]} ||
      score.v.shape() != Shape{k[2]})
    throw_shape_error(op,
                      "need query_weight [A, H], query_bias [A] and v [A] with A " +
                          std::to_string(k[2]) + " and H " + std::to_string(h[1]),
                      {{"query_weight", score.query_weight.shape()},
                       {"query_bias", score.query_bias.shape()},
                       {"v", score.v.shape()}});
  recurrence::check_weights(op, 3, w, x[2] + v[2], h[1]);
  return {x[0], k[0], x[1], x[2], h[1], k[2], v[2], checked_lengths(op, lengths, x[1], k[0])};
}

// One step's attention: scores of queries [B, A] against the keys, softmax, contexts [B, ld].
template <class T>
void attend(const AttentionGruExtents& e, const T* queries, const T* keys, const T* values,
            const T* v, T* weights, T* contexts) {
  for (std::size_t b = 0; b < e.batch; ++b) {
    T* row = weights + b * e.source;
    for (std::size_t s = 0; s < e.lengths[b]; ++s)
      row[s] = kernels<T>().additive_score(e.key, queries + b * e.key,
                                           keys + (s * e.batch + b) * e.key, v);
    kernels<T>().softmax_row(e.lengths[b], row);
    std::fill(row + e.lengths[b], row + e.source, T(0));
    kernels<T>().weighted_sum(e.lengths[b], e.value, row, values + b * e.value, e.batch * e.value,
                              contexts + b * e.ld_result());
  }
}

// Fills what the backward needs and returns [c; h] of every step.
template <class T>
Array<T> run_forward(const AttentionGruExtents& e, const std::vector<Tensor<T>>& in,
                     Saved<T>& saved, Array<T>& weights) {
  const auto data = [&](Input i) { return in[i].value().data(); };
  const std::size_t B = e.batch, H = e.hidden, G = e.gates(), ld = e.ld_result();
  saved = {uninitialized<T>({e.steps, B, H}), uninitialized<T>({e.steps, B, G}),
           uninitialized<T>({e.steps, B, H}), uninitialized<T>({e.steps, B, e.key})};
  Array<T> result = uninitialized<T>({e.steps, B, ld});
  Array<T> gh = uninitialized<T>({B, G});
  gemm<T>(Transpose::no, Transpose::yes, e.rows(), G, e.inputs, 1, data(kWords), e.inputs,
          data(kGruWeightIh), e.ld_ih(), 0, saved.gates.data(), G);
  const PackedMatrix<T> w_query(Transpose::yes, H, e.key, data(kQueryWeight), H);
  const PackedMatrix<T> w_context(Transpose::yes, e.value, G, data(kGruWeightIh) + e.inputs,
                                  e.ld_ih());
  const PackedMatrix<T> w_hh(Transpose::yes, H, G, data(kGruWeightHh), H);
  const T* state = data(kInitialState);
  for (std::size_t t = 0; t < e.steps; ++t) {
    T* queries = saved.queries.data() + t * B * e.key;
    T* contexts = result.data() + t * B * ld;
    T* gates = saved.gates.data() + t * B * G;
    T* next = saved.states.data() + t * B * H;
    w_query.multiply(B, state, H, 0, queries, e.key);
    kernels<T>().add_to_rows(B, e.key, data(kQueryBias), queries);
    attend(e, queries, data(kKeys), data(kValues), data(kV), weights.data() + t * B * e.source,
           contexts);
    w_context.multiply(B, contexts, ld, 1, gates, G);
    w_hh.multiply(B, state, H, 0, gh.data(), G);
    kernels<T>().gru_step({B, H, nullptr, data(kGruBiasIh), data(kGruBiasHh), gates, gh.data(),
                           state, saved.candidate_hidden.data() + t * B * H, next});
    for (std::size_t b = 0; b < B; ++b) std::copy_n(next + b * H, H, contexts + b * ld + e.value);
    state = next;
  }
  return result;
}

// The gradients that arise step by step, from the last to the first.
template <class T>
struct StepGradients {
  Array<T> contexts;  // [T, B, D]
  Array<T> gh;        // [T, B, 3H]
  Array<T> queries;   // [T, B, A]
  Array<T> state;     // [B, H]: of the state before the step
  Array<T> keys;      // [S, B, A]
  Array<T> v;         // [A]
};

// One step back through the attention: from d contexts [B, D] to d queries, d keys and d v.
template <class T>
void attend_backward(Vjp<T>& c, const AttentionGruExtents& e, const T* queries, const T* weights,
                     const T* d_contexts, T* d_queries, StepGradients<T>& d, T* d_scores) {
  for (std::size_t b = 0; b < e.batch; ++b) {
    const std::size_t length = e.lengths[b];
    kernels<T>().row_dots(length, e.value, c.in(kValues).data() + b * e.value, e.batch * e.value,
                          d_contexts + b * e.value, d_scores);
    kernels<T>().softmax_row_backward(length, weights + b * e.source, d_scores, d_scores);
    for (std::size_t s = 0; s < length; ++s) {
      const std::size_t key = (s * e.batch + b) * e.key;
      kernels<T>().additive_score_backward(e.key, d_scores[s], queries + b * e.key,
                                           c.in(kKeys).data() + key, c.in(kV).data(),
                                           d_queries + b * e.key, d.keys.data() + key, d.v.data());
    }
  }
}

template <class T>
StepGradients<T> run_backward(Vjp<T>& c, const AttentionGruExtents& e, Saved<T>& saved,
                              const Array<T>& weights) {
  const std::size_t B = e.batch, H = e.hidden, G = e.gates(), ld = e.ld_result();
  StepGradients<T> d{uninitialized<T>({e.steps, B, e.value}), uninitialized<T>({e.steps, B, G}),
                     zeros<T>({e.steps, B, e.key}),           zeros<T>({B, H}),
                     zeros<T>(c.in(kKeys).shape()),           zeros<T>({e.key})};
  Array<T> d_next = uninitialized<T>({B, H}), d_scores = uninitialized<T>({e.source});
  const PackedMatrix<T> w_query(Transpose::no, e.key, H, c.in(kQueryWeight).data(), H);
  const PackedMatrix<T> w_context(Transpose::no, G, e.value, c.in(kGruWeightIh).data() + e.inputs,
                                  e.ld_ih());
  const PackedMatrix<T> w_hh(Transpose::no, G, H, c.in(kGruWeightHh).data(), H);
  for (std::size_t t = e.steps; t-- > 0;) {
    T* d_contexts = d.contexts.data() + t * B * e.value;
    for (std::size_t b = 0; b < B; ++b) {
      const T* grad = c.grad.data() + (t * B + b) * ld;
      std::copy_n(grad, e.value, d_contexts + b * e.value);
      std::copy_n(grad + e.value, H, d_next.data() + b * H);
    }
    kernels<T>().add(B * H, d.state.data(), d_next.data());
    const T* state = t == 0 ? c.in(kInitialState).data() : saved.states.data() + (t - 1) * B * H;
    T* d_gi = saved.gates.data() + t * B * G;
    T* d_gh = d.gh.data() + t * B * G;
    T* d_queries = d.queries.data() + t * B * e.key;
    kernels<T>().gru_step_backward({B, H, nullptr, state, d_next.data(),
                                    saved.candidate_hidden.data() + t * B * H, d_gi, d_gh,
                                    d.state.data()});
    w_hh.multiply(B, d_gh, G, 1, d.state.data(), H);
    w_context.multiply(B, d_gi, G, 1, d_contexts, e.value);
    attend_backward(c, e, saved.queries.data() + t * B * e.key, weights.data() + t * B * e.source,
                    d_contexts, d_queries, d, d_scores.data());
    w_query.multiply(B, d_queries, e.key, 1, d.state.data(), H);
  }
  return d;
}

// Adds d_out^T h over all steps to the gradient [outputs, H] of a weight that read the state before
// each step: the initial one, then those of all steps but the last.
template <class T>
void state_weight_gradient(Vjp<T>& c, const AttentionGruExtents& e, std::size_t i,
                           const Array<T>& d_out, const Array<T>& states) {
  if (!c.wants(i)) return;
  const std::size_t outputs = d_out.shape()[2], H = e.hidden;
  const GradientBuffer<T> out = c.buffer(i);
  gemm<T>(Transpose::yes, Transpose::no, outputs, H, e.rows() - e.batch, 1,
          d_out.data() + e.batch * outputs, outputs, states.data(), H, out.beta, out.data, H);
  gemm<T>(Transpose::yes, Transpose::no, outputs, H, e.batch, 1, d_out.data(), outputs,
          c.in(kInitialState).data(), H, 1, out.data, H);
}

template <class T>
void gru_gradients(Vjp<T>& c, const AttentionGruExtents& e, const Saved<T>& saved,
                   const StepGradients<T>& d) {
  const std::size_t G = e.gates(), ld = e.ld_ih();
  const T* d_gi = saved.gates.data();
  if (c.wants(kGruWeightIh)) {
    const GradientBuffer<T> out = c.buffer(kGruWeightIh);
    gemm<T>(Transpose::yes, Transpose::no, G, e.inputs, e.rows(), 1, d_gi, G, c.in(kWords).data(),
            e.inputs, out.beta, out.data, ld);
    gemm<T>(Transpose::yes, Transpose::no, G, e.value, e.rows(), 1, d_gi, G, c.out().data(),
            e.ld_result(), out.beta, out.data + e.inputs, ld);
  }
  if (c.wants(kWords)) {
    const GradientBuffer<T> out = c.buffer(kWords);
    gemm<T>(Transpose::no, Transpose::no, e.rows(), e.inputs, G, 1, d_gi, G,
            c.in(kGruWeightIh).data(), ld, out.beta, out.data, e.inputs);
  }
  state_weight_gradient(c, e, kGruWeightHh, d.gh, saved.states);
  if (c.wants(kGruBiasIh)) kernels<T>().sum_rows(e.rows(), G, d_gi, G, c.sum_buffer(kGruBiasIh));
  if (c.wants(kGruBiasHh))
    kernels<T>().sum_rows(e.rows(), G, d.gh.data(), G, c.sum_buffer(kGruBiasHh));
}

template <class T>
void attention_gradients(Vjp<T>& c, const AttentionGruExtents& e, const Saved<T>& saved,
                         StepGradients<T>& d, const Array<T>& weights) {
  state_weight_gradient(c, e, kQueryWeight, d.queries, saved.states);
  if (c.wants(kQueryBias))
    kernels<T>().sum_rows(e.rows(), e.key, d.queries.data(), e.key, c.sum_buffer(kQueryBias));
  if (c.wants(kValues)) {
    T* d_values = c.sum_buffer(kValues);
    for (std::size_t b = 0; b < e.batch; ++b)
      gemm<T>(Transpose::yes, Transpose::no, e.lengths[b], e.value, e.steps, 1,
              weights.data() + b * e.source, e.batch * e.source, d.contexts.data() + b * e.value,
              e.batch * e.value, 1, d_values + b * e.value, e.batch * e.value);
  }
  c.accumulate(kKeys, std::move(d.keys));
  c.accumulate(kV, std::move(d.v));
  c.accumulate(kInitialState, std::move(d.state));
}

// The definition: one step after the other.
template <class T>
AttentionGru<T> compose(const AttentionGruExtents& e, const std::vector<Tensor<T>>& in,
                        const IntArray& lengths) {
  const GruWeights<T> gru{in[kGruWeightIh], in[kGruWeightHh], in[kGruBiasIh], in[kGruBiasHh]};
  const Tensor<T> keys = without_padding(in[kKeys], lengths);
  const Tensor<T> values = without_padding(in[kValues], lengths);
  Tensor<T> state = in[kInitialState];
  std::vector<Tensor<T>> outputs, weights;
  for (std::size_t t = 0; t < e.steps; ++t) {
    const Tensor<T> query = unsqueeze(linear(state, in[kQueryWeight], in[kQueryBias]), 0);
    weights.push_back(attention_weights(additive_scores(query, keys, in[kV]), lengths));
    const Tensor<T> context = squeeze(attention_context(weights.back(), values), 0);
    state = gru_cell(cat({in[kWords][static_cast<std::ptrdiff_t>(t)], context}, -1), state, gru);
    outputs.push_back(cat({context, state}, -1));
  }
  return {stack(outputs, 0), cat(weights, 0)};
}

}  // namespace

template <class T>
AttentionGru<T> attention_gru(const Tensor<T>& words, const Tensor<T>& keys,
                              const Tensor<T>& values, const Tensor<T>& state,
                              const AdditiveScore<T>& score, const GruWeights<T>& w,
                              const IntArray& lengths) {
  const ProfileScope profile("attention_gru");
  const AttentionGruExtents e = check(words, keys, values, state, score, w, lengths);
  std::vector<Tensor<T>> inputs{
      words,   keys,        values,      state,     score.query_weight, score.query_bias,
      score.v, w.weight_ih, w.weight_hh, w.bias_ih, w.bias_hh};
  Saved<T> saved;
  Array<T> weights = uninitialized<T>({e.steps, e.batch, e.source});
  Array<T> result = run_forward(e, inputs, saved, weights);
  auto vjp = [e, kept = SavedArray<T>(weights), saved = std::move(saved)](Vjp<T>& c) mutable {
    const Array<T>& checked = kept.get(c.op(), "an array of its weights");
    Saved<T> work = c.last_visit() ? std::move(saved) : saved;
    StepGradients<T> d = run_backward(c, e, work, checked);
    gru_gradients(c, e, work, d);
    attention_gradients(c, e, work, d, checked);
  };
  const auto composed = [e, lengths](const std::vector<Tensor<T>>& in) {
    return compose(e, in, lengths);
  };
  Tensor<T> output = record(
      "attention_gru", inputs, std::move(result), std::move(vjp),
      Definition<T>([composed](const auto& in) { return composed(in).contexts_and_states; }));
  const ProfileScope weights_profile("attention_gru_weights");
  return {std::move(output),
          record_defined<T>("attention_gru_weights", std::move(inputs), std::move(weights),
                            [composed](const auto& in) { return composed(in).weights; })};
}

#define BABELGRAD_INSTANTIATE(T)                                                               \
  template AttentionGru<T> attention_gru(const Tensor<T>&, const Tensor<T>&, const Tensor<T>&, \
                                         const Tensor<T>&, const AdditiveScore<T>&,            \
                                         const GruWeights<T>&, const IntArray&);
BABELGRAD_INSTANTIATE(float)
BABELGRAD_INSTANTIATE(double)
#undef BABELGRAD_INSTANTIATE

}  // namespace babelgrad
