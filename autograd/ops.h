// The catalogue of ops. Each is a free function of tensors (T = float or double), defined beside
// its vector-Jacobian product in the ops_*.cpp that its section names. A wrong shape, axis or index
// is a ShapeError that names the op, its rule and what it got.
//
// Letters: B batch, S source time, T target time, E embedding, H hidden, V vocabulary.
#pragma once

#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "babelgrad/autograd/tensor.h"

namespace babelgrad {

// ---- Elementwise (ops_elementwise.cpp) ----

// Binary ops take equal shapes, or a tensor of rank 0 on either side.
template <class T>
Tensor<T> add(const Tensor<T>& a, const Tensor<T>& b);
template <class T>
Tensor<T> sub(const Tensor<T>& a, const Tensor<T>& b);
template <class T>
Tensor<T> mul(const Tensor<T>& a, const Tensor<T>& b);
template <class T>
Tensor<T> div(const Tensor<T>& a, const Tensor<T>& b);
template <class T>
Tensor<T> neg(const Tensor<T>& x);
template <class T>
Tensor<T> scale(const Tensor<T>& x, std::type_identity_t<T> factor);
template <class T>
Tensor<T> shift(const Tensor<T>& x, std::type_identity_t<T> constant);  // x + constant
template <class T>
Tensor<T> exp(const Tensor<T>& x);
template <class T>
Tensor<T> log(const Tensor<T>& x);
template <class T>
Tensor<T> sqrt(const Tensor<T>& x);
template <class T>
Tensor<T> pow(const Tensor<T>& x, std::type_identity_t<T> exponent);
template <class T>
Tensor<T> abs(const Tensor<T>& x);  // gradient 0 at 0
// Gradient 1 inside and on the bounds, 0 outside.
template <class T>
Tensor<T> clamp(const Tensor<T>& x, std::type_identity_t<T> low, std::type_identity_t<T> high);
template <class T>
Tensor<T> tanh(const Tensor<T>& x);
template <class T>
Tensor<T> sigmoid(const Tensor<T>& x);
template <class T>
Tensor<T> relu(const Tensor<T>& x);  // gradient 0 at 0
// a where the mask, of their shape, is nonzero, else b.
template <class T>
Tensor<T> where(const IntArray& mask, const Tensor<T>& a, const Tensor<T>& b);
// So that an unqualified call with a mask that is not const does not find xt::where instead.
template <class Mask, class A, class B>
requires std::same_as<std::remove_cvref_t<Mask>, IntArray>
auto where(Mask&& mask, A&& a, B&& b) {
  return where(static_cast<const IntArray&>(mask), std::as_const(a), std::as_const(b));
}
// Elements whose mask is nonzero become `value`.
template <class T>
Tensor<T> masked_fill(const Tensor<T>& x, const IntArray& mask, std::type_identity_t<T> value);
// x times a given mask of x's shape, or of its last axes (then shared along the first ones).
template <class T>
Tensor<T> dropout(const Tensor<T>& x, Array<T> mask);

// ---- Products (ops_matmul.cpp) ----

struct Transposed {
  bool a = false, b = false;
};
// [M, K] x [K, N] -> [M, N]; a transposed argument is given as [K, M] or [N, K].
template <class T>
Tensor<T> matmul(const Tensor<T>& a, const Tensor<T>& b, Transposed transposed = {});
// The same for each of N pairs: [N, M, K] x [N, K, P] -> [N, M, P].
template <class T>
Tensor<T> batched_matmul(const Tensor<T>& a, const Tensor<T>& b, Transposed transposed = {});
// x [..., K], weight [N, K], bias [N] or undefined -> x weight^T + bias [..., N].
template <class T>
Tensor<T> linear(const Tensor<T>& x, const Tensor<T>& weight, const Tensor<T>& bias = {});

// ---- Shapes (ops_shape.cpp) ----

template <class T>
Tensor<T> reshape(const Tensor<T>& x, const Shape& shape);
// Axis i of the result is axis order[i] of x; without an order, all axes in reverse.
template <class T>
Tensor<T> transpose(const Tensor<T>& x, const std::vector<std::size_t>& order = {});
template <class T>
Tensor<T> concat(const std::vector<Tensor<T>>& parts, std::size_t axis);
template <class T>
Tensor<T> stack(const std::vector<Tensor<T>>& parts, std::size_t axis);
// Elements begin <= i < end of an axis, which stays.
template <class T>
Tensor<T> slice(const Tensor<T>& x, std::size_t axis, std::size_t begin, std::size_t end);
// Repeats axes of size 1, and adds axes in front.
template <class T>
Tensor<T> broadcast_to(const Tensor<T>& x, const Shape& shape);
// x [..., N] + bias [N].
template <class T>
Tensor<T> add_bias(const Tensor<T>& x, const Tensor<T>& bias);

// ---- Reductions (ops_reduce.cpp) ----

// Over the given axes, which vanish (or stay with size 1); without axes, over all.
struct Reduce {
  std::vector<std::size_t> axes = {};
  bool keep_dims = false;
};
template <class T>
Tensor<T> sum(const Tensor<T>& x, const Reduce& over = {});
template <class T>
Tensor<T> mean(const Tensor<T>& x, const Reduce& over = {});
template <class T>
Tensor<T> max(const Tensor<T>& x, const Reduce& over = {});  // ties share
template <class T>
Tensor<T> logsumexp(const Tensor<T>& x, const Reduce& over = {});

// ---- Rows and indices (ops_index.cpp) ----

// table [V, E], indices of any shape [...] -> [..., E]: an embedding.
template <class T>
Tensor<T> gather_rows(const Tensor<T>& table, const IntArray& indices);
// x [..., N], indices [...] -> [...]: one element of each row.
template <class T>
Tensor<T> pick(const Tensor<T>& x, const IntArray& indices);

// ---- Softmax and normalisation (ops_softmax.cpp) ----

// Over the last axis. mask, of x's shape or empty: zeros get probability 0 (log-probability: the
// type's lowest value, no gradient); a row without any element to keep is all zeros (lowest).
template <class T>
Tensor<T> softmax(const Tensor<T>& x, const IntArray& mask = {});
template <class T>
Tensor<T> log_softmax(const Tensor<T>& x, const IntArray& mask = {});
// x [..., N], gain [N], bias [N]: (x - mean) / sqrt(variance + epsilon) * gain + bias over the last
// axis (Ba et al. 2016, arXiv 1607.06450).
template <class T>
Tensor<T> layer_norm(const Tensor<T>& x, const Tensor<T>& gain, const Tensor<T>& bias,
                     std::type_identity_t<T> epsilon = T(1e-5));

struct CrossEntropyOptions {
  std::int32_t ignore_index = -1;  // rows with this target count for nothing (padding)
  double label_smoothing = 0;      // share of the target spread over all V classes, 0 <= s < 1
  double normalizer = 0;           // the sum is divided by this; 0: by the number of counted rows
};
// logits [..., V], targets [...] -> rank 0: the mean of -log softmax(logits)[target]. Label
// smoothing as in PyTorch: target distribution (1 - s) one_hot + s / V.
template <class T>
Tensor<T> cross_entropy(const Tensor<T>& logits, const IntArray& targets,
                        const CrossEntropyOptions& options = {});

// ---- Fused: single nodes with a composed reference in the tests ----

// cross_entropy(linear(x, weight, bias), targets), computed in chunks of rows, so that all the
// logits [..., V] never exist at once, and only for rows that count (ops_linear_cross_entropy.cpp).
template <class T>
Tensor<T> linear_cross_entropy(const Tensor<T>& x, const Tensor<T>& weight, const Tensor<T>& bias,
                               const IntArray& targets, const CrossEntropyOptions& options = {});

// PyTorch's nn.GRU parameters, gate order r, z, n.
template <class T>
struct GruWeights {
  Tensor<T> weight_ih;  // [3H, E]
  Tensor<T> weight_hh;  // [3H, H]
  Tensor<T> bias_ih;    // [3H]
  Tensor<T> bias_hh;    // [3H]
};
enum class Direction { forward, reverse };
// A GRU over a whole sequence (ops_gru.cpp): x [T, B, E], initial state [B, H] or undefined
// (zeros), lengths [B] or empty (all T) -> states [T, B, H]. Beyond a sequence's length its state
// is carried on unchanged, so the final state is the last step (forward) or the first (reverse) of
// the result.
template <class T>
Tensor<T> gru(const Tensor<T>& x, const Tensor<T>& initial_state, const GruWeights<T>& weights,
              const IntArray& lengths = {}, Direction direction = Direction::forward);
// One step: x [B, E], state [B, H] -> [B, H].
template <class T>
Tensor<T> gru_cell(const Tensor<T>& x, const Tensor<T>& state, const GruWeights<T>& weights);

// Attention of all queries over all source positions (ops_attention.cpp).
template <class T>
struct Attention {
  Tensor<T> context;                        // [T, B, D]: sum over s of weights * values
  std::shared_ptr<const Array<T>> weights;  // [T, B, S]: softmax of the scores, 0 beyond the length
};
// queries [T, B, K], keys [S, B, K], values [S, B, D], lengths [B] or empty (all S). Scores: the
// dot product of query and key (Luong et al. 2015, eq. 8; "general" is this over projected keys).
template <class T>
Attention<T> dot_attention(const Tensor<T>& queries, const Tensor<T>& keys, const Tensor<T>& values,
                           const IntArray& lengths = {});
// Scores v^T tanh(query + key), v [K], over projected queries and keys (Bahdanau et al. 2014,
// A.1.2).
template <class T>
Attention<T> additive_attention(const Tensor<T>& queries, const Tensor<T>& keys, const Tensor<T>& v,
                                const Tensor<T>& values, const IntArray& lengths = {});

// The projections of an additive score (Bahdanau et al. 2014, A.1.2).
template <class T>
struct AdditiveScore {
  Tensor<T> query_weight;  // [A, H]
  Tensor<T> query_bias;    // [A]
  Tensor<T> v;             // [A]
};
template <class T>
struct AttentionGru {
  Tensor<T> contexts_and_states;            // [T, B, D + H]: [c_t; h_t]
  std::shared_ptr<const Array<T>> weights;  // [T, B, S]
};
// A GRU whose input contains what its last state attended to (ops_attention_gru.cpp; Bahdanau et
// al. 2014, A.2.2): c_t = additive attention of query_weight h_{t-1} + query_bias,
// h_t = GRU([words_t; c_t], h_{t-1}). words [T, B, E], keys [S, B, A], values [S, B, D],
// state [B, H], GRU weights of E + D inputs, lengths [B] or empty (all S).
template <class T>
AttentionGru<T> attention_gru(const Tensor<T>& words, const Tensor<T>& keys,
                              const Tensor<T>& values, const Tensor<T>& state,
                              const AdditiveScore<T>& score, const GruWeights<T>& weights,
                              const IntArray& lengths = {});

// ---- Operators ----

template <class T>
Tensor<T> operator+(const Tensor<T>& a, const Tensor<T>& b) {
  return add(a, b);
}
template <class T>
Tensor<T> operator-(const Tensor<T>& a, const Tensor<T>& b) {
  return sub(a, b);
}
template <class T>
Tensor<T> operator*(const Tensor<T>& a, const Tensor<T>& b) {
  return mul(a, b);
}
template <class T>
Tensor<T> operator/(const Tensor<T>& a, const Tensor<T>& b) {
  return div(a, b);
}
template <class T>
Tensor<T> operator-(const Tensor<T>& x) {
  return neg(x);
}
template <class T>
Tensor<T> operator*(std::type_identity_t<T> factor, const Tensor<T>& x) {
  return scale(x, factor);
}
template <class T>
Tensor<T> operator*(const Tensor<T>& x, std::type_identity_t<T> factor) {
  return scale(x, factor);
}
template <class T>
Tensor<T> operator+(const Tensor<T>& x, std::type_identity_t<T> constant) {
  return shift(x, constant);
}
template <class T>
Tensor<T> operator-(const Tensor<T>& x, std::type_identity_t<T> constant) {
  return shift(x, -constant);
}

}  // namespace babelgrad
