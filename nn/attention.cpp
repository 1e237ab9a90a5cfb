#include "babelgrad/nn/attention.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace babelgrad {

template <class T>
AttentionLayer<T>::AttentionLayer(const Scope<T>& scope, const AttentionOptions& o)
    : options_(o),
      window_(scope, o.window, o.query_size, o.width),
      dropout_(scope / "dropout", o.dropout) {
  const auto bound = [](std::size_t in) {
    return init::uniform(1 / std::sqrt(static_cast<double>(in)));
  };
  if (is_dot(o.score) && o.query_size != o.value_size)
    throw std::invalid_argument(
        "attention: the dot score needs queries and values of one size; got " +
        std::to_string(o.query_size) + " and " + std::to_string(o.value_size));
  if (o.score == Score::general)
    key_weight_ = scope.parameter("key.weight", {o.query_size, o.value_size}, bound(o.value_size));
  if (o.score == Score::additive) {
    const std::size_t A = o.attention_size;
    key_weight_ = scope.parameter("key.weight", {A, o.value_size}, bound(o.value_size));
    score_.query_weight = scope.parameter("query.weight", {A, o.query_size}, bound(o.query_size));
    score_.query_bias = scope.parameter("query.bias", {A}, bound(o.query_size));
    score_.v = scope.parameter("v", {A}, bound(A));
  }
  if (o.score == Score::location)
    location_weight_ =
        scope.parameter("location.weight", {o.positions, o.query_size}, bound(o.query_size));
  if (o.coverage)
    coverage_weight_ = scope.parameter(
        "coverage", {o.score == Score::additive ? o.attention_size : 1}, init::zeros());
}

template <class T>
Tensor<T> AttentionLayer<T>::keys(const Tensor<T>& values) const {
  return key_weight_.defined() ? linear(values, key_weight_) : values;
}

template <class T>
Tensor<T> AttentionLayer<T>::prepared(const Tensor<T>& queries) const {
  switch (options_.score) {
    case Score::scaled_dot:
      return queries / std::sqrt(static_cast<T>(options_.query_size));
    case Score::additive:
      return linear(queries, score_.query_weight, score_.query_bias);
    case Score::dot:
    case Score::general:
    case Score::location:
      break;
  }
  return queries;
}

// queries [T, B, H] -> [T, B, S]; of no meaning beyond the positions that are known
template <class T>
Tensor<T> AttentionLayer<T>::of_positions(const Tensor<T>& queries, std::size_t sources) const {
  const std::size_t known = std::min(options_.positions, sources);
  const Tensor<T> scores = location_scores(queries, location_weight_, known);
  if (known == sources) return scores;
  return cat({scores, Tensor<T>(zeros<T>({queries.dim(0), queries.dim(1), sources - known}))}, -1);
}

// The lengths [B] of what can be attended to.
template <class T>
IntArray AttentionLayer<T>::visible(const IntArray& lengths, std::size_t batch,
                                    std::size_t sources) const {
  if (options_.score != Score::location || options_.positions >= sources) return lengths;
  const auto known = static_cast<std::int32_t>(options_.positions);
  if (!lengths.given()) return full<std::int32_t>({batch}, known);
  IntArray shorter = lengths;
  for (std::int32_t& length : shorter) length = std::min(length, known);
  return shorter;
}

template <class T>
Tensor<T> AttentionLayer<T>::scores(const Tensor<T>& queries, const Tensor<T>& keys,
                                    const AttentionPast<T>& past) const {
  const Tensor<T> compared = prepared(queries);
  if (options_.score == Score::additive) {
    if (!options_.coverage) return additive_scores(compared, keys, score_.v);
    const Tensor<T> covered = permute(unsqueeze(past.coverage, 3), {0, 2, 1, 3});  // [T, S, B, 1]
    return additive_scores(compared,
                           unsqueeze(keys, 0) + covered * reshape(coverage_weight_, {1, 1, 1, -1}),
                           score_.v);
  }
  const Tensor<T> scores = options_.score == Score::location ? of_positions(compared, keys.dim(0))
                                                             : dot_scores(compared, keys);
  return options_.coverage ? scores + past.coverage * squeeze(coverage_weight_, 0) : scores;
}

template <class T>
Tensor<T> AttentionLayer<T>::centers(const Tensor<T>& queries, const IntArray& lengths,
                                     std::size_t sources) const {
  return window_.centers(queries, visible(lengths, queries.dim(1), sources), sources);
}

template <class T>
Tensor<T> AttentionLayer<T>::weights(const Tensor<T>& scores, const Tensor<T>& centers,
                                     const IntArray& lengths, const IntArray& steps,
                                     const AttentionPast<T>& past, const Mode& mode) const {
  return window_(scores, centers, visible(lengths, scores.dim(1), scores.dim(2)), steps,
                 past.weights, mode);
}

template <class T>
AttentionPast<T> AttentionLayer<T>::start(std::size_t batch, std::size_t sources) const {
  return {window_.start(batch, sources),
          options_.coverage ? Tensor<T>(zeros<T>({batch, sources})) : Tensor<T>()};
}

template <class T>
AttentionPast<T> AttentionLayer<T>::remember(const AttentionPast<T>& past,
                                             const Tensor<T>& weights) const {
  return {window_.remembers() ? weights : Tensor<T>(),
          options_.coverage ? past.coverage + weights : Tensor<T>()};
}

template <class T>
Tensor<T> AttentionLayer<T>::context(const Tensor<T>& weights, const Tensor<T>& values,
                                     const Mode& mode) const {
  if (options_.dropout == 0 || !mode.is_training()) return attention_context(weights, values);
  const Tensor<T> x = mode.time() ? reshape(weights, {weights.dim(1), weights.dim(2)}) : weights;
  return attention_context(reshape(dropout_(x, mode), weights.shape()), values);
}

template <class T>
Attention<T> AttentionLayer<T>::operator()(const Tensor<T>& queries, const Tensor<T>& keys,
                                           const Tensor<T>& values, const IntArray& lengths,
                                           const Mode& mode, const IntArray& steps) const {
  const bool whole = options_.dropout == 0 || !mode.is_training();
  if (whole && window_.kind() == AttentionKind::global && options_.score != Score::location) {
    const Tensor<T> compared = prepared(queries);
    if (options_.score != Score::additive) return dot_attention(compared, keys, values, lengths);
    return additive_attention(compared, keys, score_.v, values, lengths);
  }
  const Tensor<T> a = weights(scores(queries, keys), centers(queries, lengths, keys.dim(0)),
                              lengths, steps, {}, mode);
  return {context(a, values, mode), a};
}

template <class T>
bool AttentionLayer<T>::has_recurrence() const {
  return options_.score == Score::additive && window_.kind() == AttentionKind::global &&
         !options_.coverage && options_.dropout == 0;
}

template <class T>
AttentionGru<T> AttentionLayer<T>::recurrence(const Tensor<T>& words, const Tensor<T>& state,
                                              const GruWeights<T>& gru, const Tensor<T>& keys,
                                              const Tensor<T>& values,
                                              const IntArray& lengths) const {
  return attention_gru(words, keys, values, state, score_, gru, lengths);
}

template class AttentionLayer<float>;
template class AttentionLayer<double>;

}  // namespace babelgrad
