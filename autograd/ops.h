// The catalogue of ops. Each is a free function of tensors (T = float or double), defined beside
// its vector-Jacobian product in the file of ops/ that its section names. A wrong shape, axis or
// index is a ShapeError that names the op, its rule and what it got. Names are PyTorch's where
// PyTorch has the thing. An axis may be negative: -1 is the last.
//
// Letters: B batch, S source time, T target time, E embedding, H hidden, V vocabulary.
#pragma once

#include <concepts>
#include <optional>
#include <vector>

#include "babelgrad/autograd/operators.h"
#include "babelgrad/autograd/vjp.h"

namespace babelgrad {

// ---- Arithmetic (ops/elementwise.cpp), broadcast as broadcast.h says; also + - * / ----

template <class T>
Tensor<T> add(const Tensor<T>& a, const Tensor<T>& b);  // a + b
template <class T>
Tensor<T> sub(const Tensor<T>& a, const Tensor<T>& b);  // a - b
template <class T>
Tensor<T> mul(const Tensor<T>& a, const Tensor<T>& b);  // a b
template <class T>
Tensor<T> div(const Tensor<T>& a, const Tensor<T>& b);  // a / b
template <class T>
Tensor<T> add(const Tensor<T>& x, std::type_identity_t<T> number);  // x + number
template <class T>
Tensor<T> mul(const Tensor<T>& x, std::type_identity_t<T> number);  // x number
template <class T>
Tensor<T> minimum(const Tensor<T>& a, const Tensor<T>& b);  // the smaller; ties share
template <class T>
Tensor<T> maximum(const Tensor<T>& a, const Tensor<T>& b);  // the larger; ties share

// ---- Functions of one number (ops/unary.cpp) ----

template <class T>
Tensor<T> neg(const Tensor<T>& x);  // -x
template <class T>
Tensor<T> abs(const Tensor<T>& x);  // |x|; gradient 0 at 0
template <class T>
Tensor<T> square(const Tensor<T>& x);  // x x
template <class T>
Tensor<T> sqrt(const Tensor<T>& x);  // x^(1/2)
template <class T>
Tensor<T> reciprocal(const Tensor<T>& x);  // 1 / x
template <class T>
Tensor<T> exp(const Tensor<T>& x);  // e^x
template <class T>
Tensor<T> expm1(const Tensor<T>& x);  // exp(x) - 1
template <class T>
Tensor<T> log(const Tensor<T>& x);  // natural
template <class T>
Tensor<T> log1p(const Tensor<T>& x);  // log(1 + x)
template <class T>
Tensor<T> sin(const Tensor<T>& x);  // of radians
template <class T>
Tensor<T> cos(const Tensor<T>& x);  // likewise
template <class T>
Tensor<T> tanh(const Tensor<T>& x);  // (e^x - e^-x) / (e^x + e^-x)
template <class T>
Tensor<T> sigmoid(const Tensor<T>& x);  // 1 / (1 + e^-x)
template <class T>
Tensor<T> erf(const Tensor<T>& x);  // 2 / sqrt(pi) times the integral of exp(-t^2), 0 to x
template <class T>
Tensor<T> relu(const Tensor<T>& x);  // max(x, 0); gradient 0 at 0
template <class T>
Tensor<T> pow(const Tensor<T>& x, std::type_identity_t<T> exponent);  // x^exponent
// min(max(x, low), high); gradient 1 inside and on the bounds, 0 outside.
template <class T>
Tensor<T> clamp(const Tensor<T>& x, std::type_identity_t<T> low, std::type_identity_t<T> high);

// ---- Activations (ops/activations.cpp) ----

// x times the normal distribution's function at x (Hendrycks and Gimpel 2016, arXiv 1606.08415), or
// its approximation by tanh.
template <class T>
Tensor<T> gelu(const Tensor<T>& x, Approximate approximate = Approximate::none);
template <class T>
Tensor<T> silu(const Tensor<T>& x);  // x sigmoid(x)
template <class T>
Tensor<T> softplus(const Tensor<T>& x);  // log(1 + exp(x))
// x where positive, else alpha (exp(x) - 1).
template <class T>
Tensor<T> elu(const Tensor<T>& x, std::type_identity_t<T> alpha = T(1));
// x where positive, else negative_slope x.
template <class T>
Tensor<T> leaky_relu(const Tensor<T>& x, std::type_identity_t<T> negative_slope = T(0.01));

// ---- Choice by a mask (ops/masks.cpp) ----

// a where the mask is true, else b; all three broadcast, and one may be a number.
template <class T>
Tensor<T> where(const Mask& mask, const Tensor<T>& a, const Tensor<T>& b);
// `value` where the mask, which broadcasts to x, is true, else x.
template <class T>
Tensor<T> masked_fill(const Tensor<T>& x, const Mask& fill_where, std::type_identity_t<T> value);

// ---- Products (ops/matmul.cpp) ----

// [..., M, K] x [..., K, N] -> [..., M, N]; the leading axes broadcast. A vector [K] is one row
// before b or one column after a, and that axis vanishes: [..., M, K] x [K] -> [..., M].
template <class T>
Tensor<T> matmul(const Tensor<T>& a, const Tensor<T>& b, Transposed transposed = {});
// [N, M, K] x [N, K, P] -> [N, M, P]
template <class T>
Tensor<T> bmm(const Tensor<T>& a, const Tensor<T>& b);
// x [..., K], weight [N, K], bias [N] or undefined -> x weight^T + bias [..., N].
template <class T>
Tensor<T> linear(const Tensor<T>& x, const Tensor<T>& weight, const Tensor<T>& bias = {});

// [N], [N] -> rank 0
template <class T>
Tensor<T> dot(const Tensor<T>& a, const Tensor<T>& b);
// [N], [M] -> [N, M]
template <class T>
Tensor<T> outer(const Tensor<T>& a, const Tensor<T>& b);

// ---- Convolutions (ops/convolution.cpp) and pooling (ops/pooling.cpp) ----

// x [B, C, H, W] -> [B, C KH KW, L]: what a kernel lies on at each of its L positions.
template <class T>
Tensor<T> unfold(const Tensor<T>& x, Size2d kernel, const ConvOptions& options = {});
// The opposite, columns [B, C KH KW, L] -> [B, C, H, W] of size `output`: what lies on one place is
// summed.
template <class T>
Tensor<T> fold(const Tensor<T>& columns, Size2d output, Size2d kernel,
               const ConvOptions& options = {});
// x [B, C, H, W], weight [O, C, KH, KW], bias [O] or undefined -> [B, O, (H + 2 padding - KH) /
// stride + 1, likewise W]. As everywhere, a product that does not turn the kernel round.
template <class T>
Tensor<T> conv2d(const Tensor<T>& x, const Tensor<T>& weight, const Tensor<T>& bias = {},
                 const ConvOptions& options = {});
struct Conv1dOptions {
  WholeNumber stride = 1, padding = 0;
};
// x [B, C, N], weight [O, C, K], bias [O] or undefined -> [B, O, (N + 2 padding - K) / stride + 1].
template <class T>
Tensor<T> conv1d(const Tensor<T>& x, const Tensor<T>& weight, const Tensor<T>& bias = {},
                 const Conv1dOptions& options = {});

struct PoolOptions {
  std::optional<Size2d> stride = {};  // not given: the kernel's size
  Size2d padding = 0;                 // at most half the kernel's size
};
// The largest of the elements that a kernel lies on: x [B, C, H, W] -> as conv2d, of C channels.
// Padding is -infinity; the first of equals gets the gradient.
template <class T>
Tensor<T> max_pool2d(const Tensor<T>& x, Size2d kernel, const PoolOptions& options = {});
// The mean of the elements that a kernel lies on, in the same shape. Padding is 0 and counts.
template <class T>
Tensor<T> avg_pool2d(const Tensor<T>& x, Size2d kernel, const PoolOptions& options = {});

// ---- Shapes (ops/shape.cpp, and composed in ops/shapes.h) ----

template <class T>
Tensor<T> identity(const Tensor<T>& x);  // a node of its own over the same elements
// One size may be -1: what is left. Shares the elements.
template <class T>
Tensor<T> reshape(const Tensor<T>& x, const Sizes& sizes);
// Axis i of the result is axis order[i] of x.
template <class T>
Tensor<T> permute(const Tensor<T>& x, const Axes& order);
// Repeats axes of size 1, and adds axes in front.
template <class T>
Tensor<T> broadcast_to(const Tensor<T>& x, const Shape& shape);
// The opposite: sums what broadcast_to would repeat.
template <class T>
Tensor<T> sum_to(const Tensor<T>& x, const Shape& shape);
// One behind the other along an axis, equal along the others.
template <class T>
Tensor<T> cat(const std::vector<Tensor<T>>& parts, std::ptrdiff_t axis = 0);
// Elements begin, begin + step ... before end of an axis, which stays; negative ones count from its
// end. Of the leading axis with step 1 the elements are shared.
template <class T>
Tensor<T> slice(const Tensor<T>& x, std::ptrdiff_t axis, std::ptrdiff_t begin, std::ptrdiff_t end,
                std::size_t step = 1);
// The elements of an axis from last to first.
template <class T>
Tensor<T> flip(const Tensor<T>& x, std::ptrdiff_t axis);
// More elements of one value around x: {before, after} of the last axis, then of the one before it,
// and so on.
template <class T>
Tensor<T> pad(const Tensor<T>& x, std::initializer_list<WholeNumber> padding,
              std::type_identity_t<T> value = T(0));

// ---- Reductions (ops/reduce.cpp) ----
// Over the given axes, which vanish or, with keepdim, stay with size 1; without axes, over all:
// sum(x, 1), sum(x, {0, -1}, true), sum(x).

template <class T>
Tensor<T> sum(const Tensor<T>& x, const Axes& axes = {}, KeepDim keepdim = {});  // x[0] + x[1] ...
template <class T>
Tensor<T> mean(const Tensor<T>& x, const Axes& axes = {}, KeepDim keepdim = {});  // sum / count
template <class T>
Tensor<T> amax(const Tensor<T>& x, const Axes& axes = {}, KeepDim keepdim = {});  // ties share
template <class T>
Tensor<T> amin(const Tensor<T>& x, const Axes& axes = {}, KeepDim keepdim = {});  // ties share
// log(sum(exp(x))), for elements of any size.
template <class T>
Tensor<T> logsumexp(const Tensor<T>& x, const Axes& axes = {}, KeepDim keepdim = {});

// ---- Statistics and products of elements (ops/statistics.cpp) ----

template <class T>
Tensor<T> max(const Tensor<T>& x);  // the largest of all elements; ties share
template <class T>
Tensor<T> min(const Tensor<T>& x);  // the smallest; likewise
template <class T>
Tensor<T> prod(const Tensor<T>& x, const Axes& axes = {}, KeepDim keepdim = {});  // x[0] x[1] ...
struct VarOptions {
  std::size_t correction = 1;  // the squares are divided by the number of elements less this
  bool keepdim = false;
};
// The mean square of the distances from the mean.
template <class T>
Tensor<T> var(const Tensor<T>& x, const Axes& axes = {}, VarOptions options = {});
// The standard deviation, the variance's root; 0 has gradient 0. PyTorch's std, which in C++ would
// be taken for the standard library's namespace.
template <class T>
Tensor<T> stddev(const Tensor<T>& x, const Axes& axes = {}, VarOptions options = {});
// (sum |x|^p)^(1/p) for p = 1 or 2. Where it is 0, so is the gradient.
template <class T>
Tensor<T> norm(const Tensor<T>& x, double p = 2, const Axes& axes = {}, KeepDim keepdim = {});
template <class T>
Tensor<T> cumsum(const Tensor<T>& x, std::ptrdiff_t axis);  // y[i] = x[0] + ... + x[i]

// ---- Order (ops/sort.cpp); also argmax, argmin, argsort ----

template <class T>
struct Ordered {
  Tensor<T> values;  // gathered from x
  IntArray indices;  // where along the axis they were
};
// Along an axis; equal elements keep their order, NaN counts as largest.
template <class T>
Ordered<T> sort(const Tensor<T>& x, std::ptrdiff_t axis = -1, bool descending = false);
// The k largest (or smallest) elements along an axis, in order.
template <class T>
Ordered<T> topk(const Tensor<T>& x, std::size_t k, std::ptrdiff_t axis = -1, bool largest = true);

// ---- Indices (ops/index.cpp) ----

// table [V, E], indices of any shape [...] -> [..., E].
template <class T>
Tensor<T> embedding(const Tensor<T>& table, const IntArray& indices);
// Positions indices[0], indices[1] ... of an axis. indices: [N].
template <class T>
Tensor<T> index_select(const Tensor<T>& x, std::ptrdiff_t axis, const IntArray& indices);
// x with values added at positions of an axis; values: of x's shape but for the axis, N there.
template <class T>
Tensor<T> index_add(const Tensor<T>& x, std::ptrdiff_t axis, const IntArray& indices,
                    const Tensor<T>& values);
// y[i, j] = x[i, indices[i, j]] along axis 1, and so on; indices: of x's shape but for the axis.
template <class T>
Tensor<T> gather(const Tensor<T>& x, std::ptrdiff_t axis, const IntArray& indices);
// x with values[i, j] added to x[i, indices[i, j]].
template <class T>
Tensor<T> scatter_add(const Tensor<T>& x, std::ptrdiff_t axis, const IntArray& indices,
                      const Tensor<T>& values);

// ---- Softmax and normalisation (ops/softmax.cpp, ops/layer_norm.cpp) ----

// Along an axis. keep: a mask that broadcasts to x; what it leaves out gets probability 0
// (log-probability: the type's lowest value, no gradient); a row without any element to keep is all
// zeros (lowest).
template <class T>
Tensor<T> softmax(const Tensor<T>& x, std::ptrdiff_t axis, const Mask& keep = {});
template <class T>
Tensor<T> log_softmax(const Tensor<T>& x, std::ptrdiff_t axis, const Mask& keep = {});
// x [..., N], weight [N], bias [N]: (x - mean) / sqrt(variance + epsilon) * weight + bias over the
// last axis (Ba et al. 2016, arXiv 1607.06450).
template <class T>
Tensor<T> layer_norm(const Tensor<T>& x, const Tensor<T>& weight, const Tensor<T>& bias,
                     std::type_identity_t<T> epsilon = T(1e-5));

// ---- Cross-entropy (ops/cross_entropy.cpp, ops/linear_cross_entropy.cpp) ----

struct CrossEntropyOptions {
  std::int32_t ignore_index = -100;  // rows with this target count for nothing (padding)
  double label_smoothing = 0;        // share of the target spread over all V classes, 0 <= s < 1
  double normalizer = 0;             // the sum is divided by this; 0: by the number of counted rows
};
// logits [..., V], targets [...] -> rank 0: the mean of -log softmax(logits)[target]. Label
// smoothing as in PyTorch: target distribution (1 - s) one_hot + s / V.
template <class T>
Tensor<T> cross_entropy(const Tensor<T>& logits, const IntArray& targets,
                        const CrossEntropyOptions& options = {});
// cross_entropy(linear(x, weight, bias), targets), computed in chunks of rows, so that all the
// logits [..., V] never exist at once, and only for rows that count.
template <class T>
Tensor<T> linear_cross_entropy(const Tensor<T>& x, const Tensor<T>& weight, const Tensor<T>& bias,
                               const IntArray& targets, const CrossEntropyOptions& options = {});

// ---- Recurrences (ops/gru.cpp, ops/lstm.cpp, ops/rnn.cpp) ----

// PyTorch's parameters of a recurrent layer of G gates: r, z, n in a GRU, i, f, g, o in an LSTM,
// one in a plain RNN.
template <class T>
struct RecurrentWeights {
  Tensor<T> weight_ih;  // [G H, E]
  Tensor<T> weight_hh;  // [G H, H]
  Tensor<T> bias_ih;    // [G H]
  Tensor<T> bias_hh;    // [G H]
};
template <class T>
using GruWeights = RecurrentWeights<T>;
template <class T>
using LstmWeights = RecurrentWeights<T>;
template <class T>
using RnnWeights = RecurrentWeights<T>;
enum class Direction { forward, reverse };
// A GRU over a whole sequence: x [T, B, E], initial state [B, H] or undefined (zeros), lengths [B]
// or not given (all T) -> states [T, B, H]. Beyond a sequence's length its state is carried on
// unchanged, so the final state is the last step (forward) or the first (reverse) of the result.
template <class T>
Tensor<T> gru(const Tensor<T>& x, const Tensor<T>& initial_state, const GruWeights<T>& weights,
              const IntArray& lengths = {}, Direction direction = Direction::forward);
// One step: x [B, E], state [B, H] -> [B, H].
template <class T>
Tensor<T> gru_cell(const Tensor<T>& x, const Tensor<T>& state, const GruWeights<T>& weights);

template <class T>
struct LstmState {
  Tensor<T> h, c;  // [B, H] each
  LstmState detach() const { return {h.detach(), c.detach()}; }
};
template <class T>
struct LstmStates {
  Tensor<T> states;  // [T, B, H]: h of every step
  Tensor<T> cell;    // [B, H]: c after the last step (reverse: after the first)
};
// As gru, of an LSTM; each of the initial h and c may be undefined (zeros). Beyond a sequence's
// length both are carried on.
template <class T>
LstmStates<T> lstm(const Tensor<T>& x, const LstmState<T>& initial, const LstmWeights<T>& weights,
                   const IntArray& lengths = {}, Direction direction = Direction::forward);
// One step: x [B, E], state of [B, H] each -> the next state.
template <class T>
LstmState<T> lstm_cell(const Tensor<T>& x, const LstmState<T>& state,
                       const LstmWeights<T>& weights);

// As gru, of a plain RNN: h' = tanh(W_ih x + b_ih + W_hh h + b_hh).
template <class T>
Tensor<T> rnn(const Tensor<T>& x, const Tensor<T>& initial_state, const RnnWeights<T>& weights,
              const IntArray& lengths = {}, Direction direction = Direction::forward);
// One step: x [B, E], state [B, H] -> [B, H].
template <class T>
Tensor<T> rnn_cell(const Tensor<T>& x, const Tensor<T>& state, const RnnWeights<T>& weights);

// ---- Attention, step by step (ops/attention_steps.cpp) and all at once (ops/attention.cpp) ----

// queries [T, B, K], keys [S, B, K] -> scores [T, B, S]: their dot products (Luong et al. 2015,
// eq. 8; "general" is this over projected keys).
template <class T>
Tensor<T> dot_scores(const Tensor<T>& queries, const Tensor<T>& keys);
// v^T tanh(query + key), v [K], over projected queries and keys (Bahdanau et al. 2014, A.1.2). Each
// query may have keys of its own: keys [T, S, B, K].
template <class T>
Tensor<T> additive_scores(const Tensor<T>& queries, const Tensor<T>& keys, const Tensor<T>& v);
// W query over all S = `sources` positions, whatever stands there: the first S rows of weight
// [L, K] (Luong et al. 2015, eq. 8).
template <class T>
Tensor<T> location_scores(const Tensor<T>& queries, const Tensor<T>& weight, std::size_t sources);
// scores [T, B, S] -> weights [T, B, S]: softmax over the source positions within the lengths [B]
// (not given: all S), or over those that `keep` has, a window that is broadcast to the scores; 0
// elsewhere.
template <class T>
Tensor<T> attention_weights(const Tensor<T>& scores, const IntArray& lengths = {});
template <class T, std::same_as<Mask> Keep>
Tensor<T> attention_weights(const Tensor<T>& scores, const Keep& keep);
// weights [T, B, S], values [S, B, D] -> contexts [T, B, D]: sum over s of weights * values.
template <class T>
Tensor<T> attention_context(const Tensor<T>& weights, const Tensor<T>& values);

// queries [..., T, D], keys [..., S, D] -> scores [..., T, S], their dot products / sqrt(D)
// (Vaswani et al. 2017, eq. 1). The leading axes, batch and heads, are broadcast.
template <class T>
Tensor<T> scaled_dot_scores(const Tensor<T>& queries, const Tensor<T>& keys);
// The same through softmax over the positions that `keep` has (not given: all), and the weighted
// sum of values [..., S, E] -> [..., T, E].
template <class T>
Tensor<T> scaled_dot_product_attention(const Tensor<T>& queries, const Tensor<T>& keys,
                                       const Tensor<T>& values, const Mask& keep = {});

template <class T>
struct Attention {
  Tensor<T> context;  // [T, B, D]
  Tensor<T> weights;  // [T, B, S]
};
// The steps above in one op, for all queries: over the real source positions only, in place.
template <class T>
Attention<T> dot_attention(const Tensor<T>& queries, const Tensor<T>& keys, const Tensor<T>& values,
                           const IntArray& lengths = {});
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
  Tensor<T> contexts_and_states;  // [T, B, D + H]: [c_t; h_t]
  Tensor<T> weights;              // [T, B, S]
};
// A GRU whose input contains what its last state attended to (ops/attention_gru.cpp; Bahdanau et
// al. 2014, A.2.2): c_t = additive attention of query_weight h_{t-1} + query_bias,
// h_t = GRU([words_t; c_t], h_{t-1}). words [T, B, E], keys [S, B, A], values [S, B, D],
// state [B, H], GRU weights of E + D inputs, lengths [B] or not given (all S).
template <class T>
AttentionGru<T> attention_gru(const Tensor<T>& words, const Tensor<T>& keys,
                              const Tensor<T>& values, const Tensor<T>& state,
                              const AdditiveScore<T>& score, const GruWeights<T>& weights,
                              const IntArray& lengths = {});

}  // namespace babelgrad

#include "babelgrad/autograd/ops/shapes.h"
