#include "babelgrad/nn/attention.h"

#include <stdexcept>

namespace babelgrad {

template <class T>
AttentionLayer<T>::AttentionLayer(const Scope<T>& scope, const AttentionOptions& o) : options_(o) {
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
}

template <class T>
Tensor<T> AttentionLayer<T>::keys(const Tensor<T>& values) const {
  return is_dot(options_.score) ? values : linear(values, key_weight_);
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
      break;
  }
  return queries;
}

template <class T>
Tensor<T> AttentionLayer<T>::scores(const Tensor<T>& queries, const Tensor<T>& keys) const {
  const Tensor<T> compared = prepared(queries);
  return options_.score == Score::additive ? additive_scores(compared, keys, score_.v)
                                           : dot_scores(compared, keys);
}

template <class T>
Attention<T> AttentionLayer<T>::operator()(const Tensor<T>& queries, const Tensor<T>& keys,
                                           const Tensor<T>& values, const IntArray& lengths) const {
  const Tensor<T> compared = prepared(queries);
  if (options_.score != Score::additive) return dot_attention(compared, keys, values, lengths);
  return additive_attention(compared, keys, score_.v, values, lengths);
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
