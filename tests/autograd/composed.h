// The fused ops put together from primitives: the references that fused_test.cpp holds them to.
#pragma once

#include "babelgrad/autograd/ops.h"

namespace babelgrad {

// x [B, E], h [B, H] -> [B, H]
template <class T>
Tensor<T> composed_gru_cell(const Tensor<T>& x, const Tensor<T>& h, const GruWeights<T>& w) {
  const std::size_t H = h.dim(1);
  const Tensor<T> gi = add_bias(matmul(x, w.weight_ih, {.b = true}), w.bias_ih);
  const Tensor<T> gh = add_bias(matmul(h, w.weight_hh, {.b = true}), w.bias_hh);
  const Tensor<T> r = sigmoid(slice(gi, 1, 0, H) + slice(gh, 1, 0, H));
  const Tensor<T> z = sigmoid(slice(gi, 1, H, 2 * H) + slice(gh, 1, H, 2 * H));
  const Tensor<T> n = tanh(slice(gi, 1, 2 * H, 3 * H) + r * slice(gh, 1, 2 * H, 3 * H));
  return n - z * n + z * h;
}

// x [T, B, E] -> [T, B, H]
template <class T>
Tensor<T> composed_gru(const Tensor<T>& x, const Tensor<T>& initial_state, const GruWeights<T>& w,
                       const IntArray& lengths, Direction direction) {
  const std::size_t steps = x.dim(0), B = x.dim(1), E = x.dim(2), H = w.weight_hh.dim(1);
  Tensor<T> h = initial_state.defined() ? initial_state : Tensor<T>(zeros<T>({B, H}));
  std::vector<Tensor<T>> states(steps);
  for (std::size_t k = 0; k < steps; ++k) {
    const std::size_t t = direction == Direction::reverse ? steps - 1 - k : k;
    const Tensor<T> next = composed_gru_cell(reshape(slice(x, 0, t, t + 1), {B, E}), h, w);
    IntArray real = full<std::int32_t>({B, H}, 1);
    for (std::size_t i = 0; given(lengths) && i < B * H; ++i)
      real.data()[i] = static_cast<std::int32_t>(t) < lengths.data()[i / H];
    h = states[t] = where(real, next, h);
  }
  return stack(states, 0);
}

// scores [B, T, S] and values [S, B, D] -> context [T, B, D]; writes the weights as [T, B, S].
template <class T>
Attention<T> composed_context(const Tensor<T>& scores, const Tensor<T>& values,
                              const IntArray& lengths) {
  const std::size_t S = scores.dim(2), row = scores.dim(1) * S;
  IntArray real = full<std::int32_t>(scores.shape(), 1);
  for (std::size_t i = 0; given(lengths) && i < real.size(); ++i)
    real.data()[i] = static_cast<std::int32_t>(i % S) < lengths.data()[i / row];
  const Tensor<T> weights = softmax(scores, real);
  const Tensor<T> context = batched_matmul(weights, transpose(values, {1, 0, 2}));
  const Tensor<T> by_time = transpose(weights, {1, 0, 2});
  return {transpose(context, {1, 0, 2}), std::make_shared<const Array<T>>(by_time.value())};
}

template <class T>
Attention<T> composed_dot_attention(const Tensor<T>& queries, const Tensor<T>& keys,
                                    const Tensor<T>& values, const IntArray& lengths) {
  const Tensor<T> scores =
      batched_matmul(transpose(queries, {1, 0, 2}), transpose(keys, {1, 0, 2}), {.b = true});
  return composed_context(scores, values, lengths);
}

template <class T>
Attention<T> composed_additive_attention(const Tensor<T>& queries, const Tensor<T>& keys,
                                         const Tensor<T>& v, const Tensor<T>& values,
                                         const IntArray& lengths) {
  const std::size_t steps = queries.dim(0), B = queries.dim(1), K = queries.dim(2);
  const std::size_t S = keys.dim(0);
  const Shape pairs{steps, S, B, K};
  const Tensor<T> q = broadcast_to(reshape(queries, {steps, 1, B, K}), pairs);
  const Tensor<T> k = broadcast_to(keys, pairs);
  const Tensor<T> hidden = reshape(tanh(q + k), {steps * S * B, K});
  const Tensor<T> scores = reshape(matmul(hidden, reshape(v, {K, 1})), {steps, S, B});
  return composed_context(transpose(scores, {2, 0, 1}), values, lengths);
}

// words [T, B, E], keys [S, B, A], values [S, B, D], state [B, H] -> [T, B, D + H], step by step
template <class T>
AttentionGru<T> composed_attention_gru(const Tensor<T>& words, const Tensor<T>& keys,
                                       const Tensor<T>& values, const Tensor<T>& state,
                                       const AdditiveScore<T>& score, const GruWeights<T>& w,
                                       const IntArray& lengths) {
  const std::size_t steps = words.dim(0), B = words.dim(1), E = words.dim(2), A = keys.dim(2);
  Tensor<T> h = state;
  std::vector<Tensor<T>> outputs, weights;
  for (std::size_t t = 0; t < steps; ++t) {
    const Tensor<T> query = add_bias(matmul(h, score.query_weight, {.b = true}), score.query_bias);
    const Attention<T> attended =
        composed_additive_attention(reshape(query, {1, B, A}), keys, score.v, values, lengths);
    const Tensor<T> context = reshape(attended.context, {B, values.dim(2)});
    const Tensor<T> word = reshape(slice(words, 0, t, t + 1), {B, E});
    h = composed_gru_cell(concat<T>({word, context}, 1), h, w);
    outputs.push_back(concat<T>({context, h}, 1));
    weights.emplace_back(*attended.weights);
  }
  return {stack(outputs, 0), std::make_shared<const Array<T>>(concat(weights, 0).value())};
}

// x [N, K], targets [N]
template <class T>
Tensor<T> composed_linear_cross_entropy(const Tensor<T>& x, const Tensor<T>& weight,
                                        const Tensor<T>& bias, const IntArray& targets,
                                        const CrossEntropyOptions& options) {
  Tensor<T> logits = matmul(x, weight, {.b = true});
  if (bias.defined()) logits = add_bias(logits, bias);
  const Tensor<T> log_probabilities = log_softmax(logits);
  IntArray safe = targets;
  Array<T> counted = full<T>(targets.shape(), T(1));
  double count = 0;
  for (std::size_t i = 0; i < safe.size(); ++i) {
    if (safe.data()[i] == options.ignore_index) safe.data()[i] = 0, counted.data()[i] = 0;
    count += static_cast<double>(counted.data()[i]);
  }
  const Tensor<T> at_target = pick(log_probabilities, safe);
  const Tensor<T> at_all = mean(log_probabilities, {{1}});
  const T smoothing = static_cast<T>(options.label_smoothing);
  const Tensor<T> losses = scale(at_target, smoothing - 1) - smoothing * at_all;
  const double normalizer = options.normalizer > 0 ? options.normalizer : count;
  return scale(sum(losses * Tensor<T>(counted)), static_cast<T>(1 / normalizer));
}

}  // namespace babelgrad
