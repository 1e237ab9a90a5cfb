// Attention as separate differentiable steps, composed of other ops.
#include <cmath>

#include "babelgrad/autograd/ops.h"
#include "babelgrad/autograd/ops/lengths.h"

namespace babelgrad {
namespace {

// [T, B, F] as [B, T, F], and back.
template <class T>
Tensor<T> swap_time_and_batch(const Tensor<T>& x) {
  return permute(x, {1, 0, 2});
}

}  // namespace

template <class T>
Tensor<T> dot_scores(const Tensor<T>& queries, const Tensor<T>& keys) {
  const Shape &q = queries.shape(), &k = keys.shape();
  if (q.size() != 3 || k.size() != 3 || q[1] != k[1] || q[2] != k[2])
    throw_shape_error("dot_scores", "need queries [T, B, K] and keys [S, B, K]",
                      {{"queries", q}, {"keys", k}});
  return swap_time_and_batch(
      matmul(swap_time_and_batch(queries), swap_time_and_batch(keys), {.b = true}));
}

template <class T>
Tensor<T> additive_scores(const Tensor<T>& queries, const Tensor<T>& keys, const Tensor<T>& v) {
  const Shape &q = queries.shape(), &k = keys.shape();
  const bool each = k.size() == 4;  // query has keys of its own
  if (q.size() != 3 || k.size() != (each ? 4u : 3u) || (each && k[0] != q[0]) ||
      k[k.size() - 2] != q[1] || k.back() != q[2] || v.shape() != Shape{q[2]})
    throw_shape_error("additive_scores",
                      "need queries [T, B, K], keys [S, B, K] or [T, S, B, K], and v [K]",
                      {{"queries", q}, {"keys", k}, {"v", v.shape()}});
  const Tensor<T> hidden = tanh(unsqueeze(queries, 1) + (each ? keys : unsqueeze(keys, 0)));
  return permute(squeeze(linear(hidden, unsqueeze(v, 0)), -1), {0, 2, 1});  // of [T, S, B]
}

template <class T>
Tensor<T> location_scores(const Tensor<T>& queries, const Tensor<T>& weight, std::size_t sources) {
  const Shape &q = queries.shape(), &w = weight.shape();
  if (q.size() != 3 || w.size() != 2 || q[2] != w[1] || w[0] < sources)
    throw_shape_error(
        "location_scores",
        "need queries [T, B, K] and a weight [L, K] with L of at least " + std::to_string(sources),
        {{"queries", q}, {"weight", w}});
  return linear(queries, slice(weight, 0, 0, static_cast<std::ptrdiff_t>(sources)));
}

template <class T>
Tensor<T> scaled_dot_scores(const Tensor<T>& queries, const Tensor<T>& keys) {
  const Shape &q = queries.shape(), &k = keys.shape();
  if (q.size() < 2 || k.size() < 2 || q.back() != k.back() || q.back() == 0)
    throw_shape_error("scaled_dot_scores", "need queries [..., T, D] and keys [..., S, D]",
                      {{"queries", q}, {"keys", k}});
  return matmul(queries / std::sqrt(static_cast<T>(q.back())), keys, {.b = true});
}

template <class T>
Tensor<T> scaled_dot_product_attention(const Tensor<T>& queries, const Tensor<T>& keys,
                                       const Tensor<T>& values, const Mask& keep) {
  return matmul(softmax(scaled_dot_scores(queries, keys), -1, keep), values);
}

template <class T, std::same_as<Mask> Keep>
Tensor<T> attention_weights(const Tensor<T>& scores, const Keep& keep) {
  if (scores.rank() != 3)
    throw_shape_error("attention_weights", "need scores [T, B, S]", {{"scores", scores.shape()}});
  return softmax(scores, -1, keep);
}

template <class T>
Tensor<T> attention_weights(const Tensor<T>& scores, const IntArray& lengths) {
  if (scores.rank() != 3)
    throw_shape_error("attention_weights", "need scores [T, B, S]", {{"scores", scores.shape()}});
  if (!lengths.given()) return softmax(scores, -1);
  checked_lengths("attention_weights", lengths, scores.dim(1), scores.dim(2));
  return softmax(scores, -1, within_lengths(lengths, scores.dim(2)));
}

template <class T>
Tensor<T> attention_context(const Tensor<T>& weights, const Tensor<T>& values) {
  const Shape &w = weights.shape(), &v = values.shape();
  if (w.size() != 3 || v.size() != 3 || w[1] != v[1] || w[2] != v[0])
    throw_shape_error("attention_context", "need weights [T, B, S] and values [S, B, D]",
                      {{"weights", w}, {"values", v}});
  return swap_time_and_batch(matmul(swap_time_and_batch(weights), swap_time_and_batch(values)));
}

#define BABELGRAD_INSTANTIATE(T)                                                            \
  template Tensor<T> dot_scores(const Tensor<T>&, const Tensor<T>&);                        \
  template Tensor<T> additive_scores(const Tensor<T>&, const Tensor<T>&, const Tensor<T>&); \
  template Tensor<T> location_scores(const Tensor<T>&, const Tensor<T>&, std::size_t);      \
  template Tensor<T> scaled_dot_scores(const Tensor<T>&, const Tensor<T>&);                 \
  template Tensor<T> scaled_dot_product_attention(const Tensor<T>&, const Tensor<T>&,       \
                                                  const Tensor<T>&, const Mask&);           \
  template Tensor<T> attention_weights(const Tensor<T>&, const Mask&);                      \
  template Tensor<T> attention_weights(const Tensor<T>&, const IntArray&);                  \
  template Tensor<T> attention_context(const Tensor<T>&, const Tensor<T>&);
BABELGRAD_INSTANTIATE(float)
BABELGRAD_INSTANTIATE(double)
#undef BABELGRAD_INSTANTIATE

}  // namespace babelgrad
