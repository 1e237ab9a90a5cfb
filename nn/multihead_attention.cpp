#include "babelgrad/nn/multihead_attention.h"

#include <stdexcept>

namespace babelgrad {
namespace {

MultiHeadOptions checked(MultiHeadOptions o) {
  if (o.heads == 0 || o.embed_size == 0 || o.embed_size % o.heads != 0)
    throw std::invalid_argument("multihead_attention: need an embed_size that is a multiple of " +
                                std::to_string(o.heads) + " heads; got " +
                                std::to_string(o.embed_size));
  if (o.key_size == 0) o.key_size = o.embed_size;
  if (o.value_size == 0) o.value_size = o.embed_size;
  return o;
}

// [B, heads, T, S] or what broadcasts to it; not given: everything.
Mask keep_mask(const AttentionScope& look_at, std::size_t queries, std::size_t keys,
               std::size_t batch) {
  Mask keep;
  if (look_at.causal) keep = causal_mask(queries, keys).reshaped({1, 1, queries, keys});
  if (!look_at.lengths.given()) return keep;
  if (look_at.lengths.shape() != Shape{batch})
    throw_shape_error("multihead_attention", "need lengths [B]",
                      {{"lengths", look_at.lengths.shape()}, {"batch", {batch}}});
  const Mask real = within_lengths(look_at.lengths, keys).reshaped({batch, 1, 1, keys});
  return keep.given() ? keep & real : real;
}

}  // namespace

template <class T>
MultiHeadAttention<T>::MultiHeadAttention(const Scope<T>& scope, const MultiHeadOptions& options)
    : options_(checked(options)), out_proj_({}, {}), dropout_(scope / "dropout", options.dropout) {
  const std::size_t E = options_.embed_size;
  const auto weight = [&](const char* name, const Shape& shape) {
    return scope.parameter(name, shape, init::xavier_uniform(shape));
  };
  if (options_.key_size == E && options_.value_size == E)
    in_proj_weight_ = weight("in_proj_weight", {3 * E, E});
  else
    separate_ = {weight("q_proj_weight", {E, E}), weight("k_proj_weight", {E, options_.key_size}),
                 weight("v_proj_weight", {E, options_.value_size})};
  in_proj_bias_ = scope.parameter("in_proj_bias", {3 * E}, init::zeros());
  const Scope<T> out = scope / "out_proj";
  const double bound = 1 / std::sqrt(static_cast<double>(E));
  out_proj_ = Linear<T>(out.parameter("weight", {E, E}, init::uniform(bound)),
                        out.parameter("bias", {E}, init::zeros()));
}

// x [T, B, F] projected as queries (part 0), keys (1) or values (2) -> [B, heads, T, E / heads].
template <class T>
Tensor<T> MultiHeadAttention<T>::heads_of(const Tensor<T>& x, std::size_t part) const {
  const auto own = [&](const Tensor<T>& all) { return chunk(all, 3, 0)[part]; };
  const Tensor<T> y =
      linear(x, separate_.empty() ? own(in_proj_weight_) : separate_[part], own(in_proj_bias_));
  const std::size_t heads = options_.heads;
  return permute(reshape(y, {y.dim(0), y.dim(1), heads, options_.embed_size / heads}),
                 {1, 2, 0, 3});
}

template <class T>
MultiHeadResult<T> MultiHeadAttention<T>::operator()(const Tensor<T>& queries,
                                                     const Tensor<T>& keys, const Tensor<T>& values,
                                                     const AttentionScope& look_at,
                                                     const Mode& mode) const {
  const Shape &q = queries.shape(), &k = keys.shape(), &v = values.shape();
  if (q.size() != 3 || k.size() != 3 || v.size() != 3 || q[1] != k[1] || k[0] != v[0] ||
      k[1] != v[1] || q[2] != options_.embed_size || k[2] != options_.key_size ||
      v[2] != options_.value_size)
    throw_shape_error("multihead_attention",
                      "need queries [T, B, " + std::to_string(options_.embed_size) +
                          "], keys [S, B, " + std::to_string(options_.key_size) +
                          "] and values [S, B, " + std::to_string(options_.value_size) + "]",
                      {{"queries", q}, {"keys", k}, {"values", v}});
  return attend(heads_of(queries, 0), heads_of(keys, 1), heads_of(values, 2), look_at, mode);
}

template <class T>
MultiHeadResult<T> MultiHeadAttention<T>::operator()(const Tensor<T>& x,
                                                     const AttentionScope& look_at,
                                                     const Mode& mode) const {
  const std::size_t E = options_.embed_size, heads = options_.heads;
  if (!separate_.empty() || x.rank() != 3 || x.dim(2) != E) return (*this)(x, x, x, look_at, mode);
  const Tensor<T> all = linear(x, in_proj_weight_, in_proj_bias_);  // one product for all three
  const Tensor<T> parts =
      permute(reshape(all, {x.dim(0), x.dim(1), 3, heads, E / heads}), {2, 1, 3, 0, 4});
  return attend(parts[0], parts[1], parts[2], look_at, mode);
}

// q [B, heads, T, D], k and v [B, heads, S, D]
template <class T>
MultiHeadResult<T> MultiHeadAttention<T>::attend(const Tensor<T>& q, const Tensor<T>& k,
                                                 const Tensor<T>& v, const AttentionScope& look_at,
                                                 const Mode& mode) const {
  const std::size_t batch = q.dim(0), steps = q.dim(2);
  const Mask keep = keep_mask(look_at, steps, k.dim(2), batch);
  const Tensor<T> weights = dropout_(softmax(scaled_dot_scores(q, k), -1, keep), mode);
  const Tensor<T> context = permute(matmul(weights, v), {2, 0, 1, 3});  // [T, B, heads, D]
  return {out_proj_(reshape(context, {steps, batch, options_.embed_size})), weights};
}

template class MultiHeadAttention<float>;
template class MultiHeadAttention<double>;

}  // namespace babelgrad
