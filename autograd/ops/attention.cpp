// Attention over all decoder steps at once. For each sentence of the batch its queries, keys and
// values are matrices inside the time-major arrays (row length B * features), so the products run
// in place, over the real source positions only.
#include <algorithm>

#include "babelgrad/autograd/inspection/profile.h"
#include "babelgrad/autograd/kernels/kernels.h"
#include "babelgrad/autograd/ops.h"
#include "babelgrad/autograd/ops/lengths.h"
#include "babelgrad/autograd/products/gemm.h"
#include "babelgrad/autograd/vjp.h"

namespace babelgrad {
namespace {

struct Extents {
  std::size_t steps, source, batch, key, value;  // T, S, B, K, D
  std::vector<std::size_t> lengths;              // [B]

  std::size_t ld_key() const { return batch * key; }
  std::size_t ld_value() const { return batch * value; }
  std::size_t ld_weight() const { return batch * source; }
};

template <class T>
Extents check(const char* op, const Tensor<T>& queries, const Tensor<T>& keys,
              const Tensor<T>& values, const IntArray& lengths) {
  const Shape &q = queries.shape(), &k = keys.shape(), &v = values.shape();
  if (q.size() != 3 || k.size() != 3 || v.size() != 3 || q[1] != k[1] || q[2] != k[2] ||
      v[0] != k[0] || v[1] != k[1] || k[0] == 0)
    throw_shape_error(op, "need queries [T, B, K], keys [S, B, K] and values [S, B, D] with S >= 1",
                      {{"queries", q}, {"keys", k}, {"values", v}});
  return {q[0], k[0], k[1], k[2], v[2], checked_lengths(op, lengths, k[1], k[0])};
}

// Scores [T, B, S] to weights in place: softmax over the real positions, 0 beyond.
template <class T>
void normalize(const Extents& e, Array<T>& scores) {
  T* row = scores.data();
  for (std::size_t t = 0; t < e.steps; ++t)
    for (std::size_t b = 0; b < e.batch; ++b, row += e.source) {
      kernels<T>().softmax_row(e.lengths[b], row);
      std::fill(row + e.lengths[b], row + e.source, T(0));
    }
}

template <class T>
Array<T> contexts(const Extents& e, const Array<T>& weights, const Array<T>& values) {
  Array<T> context = uninitialized<T>({e.steps, e.batch, e.value});
  for (std::size_t b = 0; b < e.batch; ++b)
    gemm<T>(Transpose::no, Transpose::no, e.steps, e.value, e.lengths[b], 1,
            weights.data() + b * e.source, e.ld_weight(), values.data() + b * e.value, e.ld_value(),
            0, context.data() + b * e.value, e.ld_value());
  return context;
}

// From d context to d scores [T, B, S] (0 beyond the lengths); accumulates d values into input i.
template <class T>
Array<T> score_gradients(Vjp<T>& c, const Extents& e, const Array<T>& weights, std::size_t i) {
  Array<T> d = zeros<T>({e.steps, e.batch, e.source});
  T* d_values = c.wants(i) ? c.sum_buffer(i) : nullptr;
  for (std::size_t b = 0; b < e.batch; ++b) {
    const T* grad = c.grad.data() + b * e.value;
    gemm<T>(Transpose::no, Transpose::yes, e.steps, e.lengths[b], e.value, 1, grad, e.ld_value(),
            c.in(i).data() + b * e.value, e.ld_value(), 0, d.data() + b * e.source, e.ld_weight());
    if (d_values != nullptr)
      gemm<T>(Transpose::yes, Transpose::no, e.lengths[b], e.value, e.steps, 1,
              weights.data() + b * e.source, e.ld_weight(), grad, e.ld_value(), 1,
              d_values + b * e.value, e.ld_value());
  }
  for (std::size_t row = 0; row < e.steps * e.batch; ++row) {
    T* d_row = d.data() + row * e.source;
    kernels<T>().softmax_row_backward(e.lengths[row % e.batch], weights.data() + row * e.source,
                                      d_row, d_row);
  }
  return d;
}

// Context and weights as two nodes, over `inputs`, of which the values are the last, and over those
// without the values. `scores` is the first part of the definition: in -> [T, B, S]. The gradient
// of the weights, which few ask for, goes through the definition.
template <class T, class F, class Scores>
Attention<T> record_attention(const char* name, const std::vector<Tensor<T>>& inputs,
                              const Extents& e, Array<T> weights, F vjp, Scores scores,
                              const IntArray& lengths) {
  Array<T> context = contexts(e, weights, inputs.back().value());
  Tensor<T> result = record(
      name, inputs, std::move(context),
      [vjp, e, saved = SavedArray<T>(weights)](Vjp<T>& c) {
        vjp(c, e, saved.get(c.op(), "an array of its weights"));
      },
      Definition<T>([scores, lengths = lengths](const auto& in) {
        return attention_context(attention_weights(scores(in), lengths),
                                 without_padding(in.back(), lengths));
      }));
  const ProfileScope profile("attention_weights");
  return {std::move(result),
          record_defined<T>("attention_weights", {inputs.begin(), inputs.end() - 1},
                            std::move(weights), [scores, lengths = lengths](const auto& in) {
                              return attention_weights(scores(in), lengths);
                            })};
}

}  // namespace

template <class T>
Attention<T> dot_attention(const Tensor<T>& queries, const Tensor<T>& keys, const Tensor<T>& values,
                           const IntArray& lengths) {
  const ProfileScope profile("dot_attention");
  const Extents e = check("dot_attention", queries, keys, values, lengths);
  Array<T> scores = uninitialized<T>({e.steps, e.batch, e.source});
  for (std::size_t b = 0; b < e.batch; ++b)
    gemm<T>(Transpose::no, Transpose::yes, e.steps, e.lengths[b], e.key, 1,
            queries.value().data() + b * e.key, e.ld_key(), keys.value().data() + b * e.key,
            e.ld_key(), 0, scores.data() + b * e.source, e.ld_weight());
  normalize(e, scores);
  auto vjp = [](Vjp<T>& c, const Extents& x, const Array<T>& weights) {
    const Array<T> d = score_gradients(c, x, weights, 2);
    T* d_queries = c.wants(0) ? c.sum_buffer(0) : nullptr;
    T* d_keys = c.wants(1) ? c.sum_buffer(1) : nullptr;
    for (std::size_t b = 0; b < x.batch; ++b) {
      const T* d_scores = d.data() + b * x.source;
      if (d_queries != nullptr)
        gemm<T>(Transpose::no, Transpose::no, x.steps, x.key, x.lengths[b], 1, d_scores,
                x.ld_weight(), c.in(1).data() + b * x.key, x.ld_key(), 1, d_queries + b * x.key,
                x.ld_key());
      if (d_keys != nullptr)
        gemm<T>(Transpose::yes, Transpose::no, x.lengths[b], x.key, x.steps, 1, d_scores,
                x.ld_weight(), c.in(0).data() + b * x.key, x.ld_key(), 1, d_keys + b * x.key,
                x.ld_key());
    }
  };
  return record_attention<T>(
      "dot_attention", {queries, keys, values}, e, std::move(scores), vjp,
      [lengths = lengths](const std::vector<Tensor<T>>& in) {
        return dot_scores(in[0], without_padding(in[1], lengths));
      },
      lengths);
}

template <class T>
Attention<T> additive_attention(const Tensor<T>& queries, const Tensor<T>& keys, const Tensor<T>& v,
                                const Tensor<T>& values, const IntArray& lengths) {
  const ProfileScope profile("additive_attention");
  const Extents e = check("additive_attention", queries, keys, values, lengths);
  if (v.shape() != Shape{e.key})
    throw_shape_error("additive_attention", "need v [K] with K " + std::to_string(e.key),
                      {{"v", v.shape()}});
  // Calls f(offset of the query, offset of the key, offset of the score) for every pair.
  const auto for_each_pair = [](const Extents& x, auto f) {
    for (std::size_t t = 0; t < x.steps; ++t)
      for (std::size_t b = 0; b < x.batch; ++b)
        for (std::size_t s = 0; s < x.lengths[b]; ++s)
          f((t * x.batch + b) * x.key, (s * x.batch + b) * x.key, (t * x.batch + b) * x.source + s);
  };
  Array<T> scores = uninitialized<T>({e.steps, e.batch, e.source});
  for_each_pair(e, [&](std::size_t q, std::size_t k, std::size_t score) {
    scores.data()[score] = kernels<T>().additive_score(e.key, queries.value().data() + q,
                                                       keys.value().data() + k, v.value().data());
  });
  normalize(e, scores);
  auto vjp = [for_each_pair](Vjp<T>& c, const Extents& x, const Array<T>& weights) {
    const Array<T> d = score_gradients(c, x, weights, 3);
    std::vector<Array<T>> unwanted;  // where gradients go that nobody asked for
    const auto sums = [&](std::size_t i) {
      if (c.wants(i)) return c.sum_buffer(i);
      unwanted.push_back(c.zeros(i));
      return unwanted.back().data();
    };
    T *d_queries = sums(0), *d_keys = sums(1), *d_v = sums(2);
    for_each_pair(x, [&](std::size_t q, std::size_t k, std::size_t score) {
      kernels<T>().additive_score_backward(x.key, d.data()[score], c.in(0).data() + q,
                                           c.in(1).data() + k, c.in(2).data(), d_queries + q,
                                           d_keys + k, d_v);
    });
  };
  return record_attention<T>(
      "additive_attention", {queries, keys, v, values}, e, std::move(scores), vjp,
      [lengths = lengths](const std::vector<Tensor<T>>& in) {
        return additive_scores(in[0], without_padding(in[1], lengths), in[2]);
      },
      lengths);
}

#define BABELGRAD_INSTANTIATE(T)                                                                 \
  template Attention<T> dot_attention(const Tensor<T>&, const Tensor<T>&, const Tensor<T>&,      \
                                      const IntArray&);                                          \
  template Attention<T> additive_attention(const Tensor<T>&, const Tensor<T>&, const Tensor<T>&, \
                                           const Tensor<T>&, const IntArray&);
BABELGRAD_INSTANTIATE(float)
BABELGRAD_INSTANTIATE(double)
#undef BABELGRAD_INSTANTIATE

}  // namespace babelgrad
