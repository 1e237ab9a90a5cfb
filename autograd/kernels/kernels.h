// The vectorised row loops that stand between the matrix products. They know arrays of numbers and
// nothing of graphs. Each is compiled once per instruction set (sse2, avx2, avx512, neon64) and the
// best that this processor runs is chosen at the first call.
#pragma once

#include <cstddef>
#include <cstdint>

namespace babelgrad {

template <class T>
struct AdamStep {
  T step_size;            // learning rate / (1 - beta1^t)
  T beta1, beta2;         // decay of the moments
  T inv_sqrt_correction;  // 1 / sqrt(1 - beta2^t)
  T epsilon;              // added to the root of the second moment
  T gradient_scale;       // multiplies the gradient first (clipping)
  T l2;                   // adds l2 * parameter to the gradient (Adam's weight decay)
  T decay;                // multiplies the parameter first (AdamW: 1 - lr * weight_decay)
};

// One time step of a GRU for `rows` rows, after the products gi = x W_ih^T and gh = h W_hh^T.
// Rows r with active[r] == 0 (padding) carry their state on. active may be null: all are active.
template <class T>
struct GruStep {
  std::size_t rows, hidden;
  const std::int32_t* active;  // [rows] or null
  const T* bias_ih;            // [3H]
  const T* bias_hh;            // [3H]
  T* gates;                    // [rows, 3H] in: gi; out: r, z, n
  const T* gh;                 // [rows, 3H]
  const T* state;              // [rows, H] h before the step
  T* candidate_hidden;         // [rows, H] out: W_hn h + b_hn, which the backward needs
  T* next_state;               // [rows, H] out
};

// Its backward: from d next_state to the gradients before the gates.
template <class T>
struct GruStepBackward {
  std::size_t rows, hidden;
  const std::int32_t* active;
  const T* state;             // [rows, H] h before the step
  const T* grad_next;         // [rows, H] d next_state
  const T* candidate_hidden;  // [rows, H] W_hn h + b_hn
  T* gates;                   // [rows, 3H] in: r, z, n; out: d gi
  T* grad_gh;                 // [rows, 3H] out: d gh
  T* grad_state;              // [rows, H] out: the part of d state that does not go through W_hh
};

// One time step of an LSTM for `rows` rows, after both products; padding as in GruStep.
template <class T>
struct LstmStep {
  std::size_t rows, hidden;
  const std::int32_t* active;  // [rows] or null
  const T* bias_ih;            // [4H]
  const T* bias_hh;            // [4H]
  T* gates;                    // [rows, 4H] in: x W_ih^T + h W_hh^T; out: i, f, g, o
  const T* state;              // [rows, H] h before the step
  const T* cell;               // [rows, H] c before the step
  T* next_state;               // [rows, H] out
  T* next_cell;                // [rows, H] out
};

// Its backward: from d next_state and d next_cell to the gradients before the gates.
template <class T>
struct LstmStepBackward {
  std::size_t rows, hidden;
  const std::int32_t* active;
  const T* cell;       // [rows, H] c before the step
  const T* next_cell;  // [rows, H] c after it
  const T* grad_next;  // [rows, H] d next_state
  T* gates;            // [rows, 4H] in: i, f, g, o; out: the gradient of what the step was given
  T* grad_cell;        // [rows, H] in: d next_cell; out: d cell
  T* grad_state;       // [rows, H] out: the part of d state that does not go through W_hh
};

// Of some logits x of a softmax.
template <class T>
struct SoftmaxBlock {
  T max;      // or the type's lowest value, if all are -infinity
  T sum;      // of exp(x - max)
  T centred;  // of x - max
};

template <class T>
struct Kernels {
  const char* name;
  void (*tanh)(std::size_t n, const T* x, T* y);
  void (*sigmoid)(std::size_t n, const T* x, T* y);
  void (*tanh_backward)(std::size_t n, const T* y, const T* dy, T* dx);     // dx = dy (1 - y^2)
  void (*sigmoid_backward)(std::size_t n, const T* y, const T* dy, T* dx);  // dx = dy y (1 - y)
  void (*exp)(std::size_t n, const T* x, T shift, T* y);                    // y = exp(x - shift)
  void (*log)(std::size_t n, const T* x, T* y);
  void (*expm1)(std::size_t n, const T* x, T* y);
  void (*log1p)(std::size_t n, const T* x, T* y);
  void (*erf)(std::size_t n, const T* x, T* y);  // in double to 1e-14 of itself
  // 1 - erf(x). Of itself it is off by more the smaller it is: in double by 1e-11 at x = 9 and 1e-8
  // at 26, in float by 1e-5 at 9.
  void (*erfc)(std::size_t n, const T* x, T* y);
  void (*add)(std::size_t n, const T* x, T* y);                       // y += x
  void (*scale)(std::size_t n, T a, T* x);                            // x *= a
  void (*multiply)(std::size_t n, const T* a, const T* b, T* c);      // c = a * b
  void (*multiply_add)(std::size_t n, const T* a, const T* b, T* c);  // c += a * b
  double (*sum)(std::size_t n, const T* x);
  T (*max_row)(std::size_t n, const T* x);  // NaN if one is there; -infinity if n = 0
  T (*min_row)(std::size_t n, const T* x);  // the same; infinity if n = 0
  // y[r] = x[r], and y[r] += x[r], for short rows of `cols` elements, ld_x and ld_y apart.
  void (*copy_block)(std::size_t rows, std::size_t cols, const T* x, std::size_t ld_x, T* y,
                     std::size_t ld_y);
  void (*add_block)(std::size_t rows, std::size_t cols, const T* x, std::size_t ld_x, T* y,
                    std::size_t ld_y);
  void (*add_to_rows)(std::size_t rows, std::size_t cols, const T* bias, T* x);  // x[r] += bias
  // sums[c] += sum over r of x[r, c]; x has `ld` elements a row.
  void (*sum_rows)(std::size_t rows, std::size_t cols, const T* x, std::size_t ld, T* sums);
  double (*sum_of_squares)(std::size_t n, const T* x);
  void (*gru_step)(const GruStep<T>&);
  void (*gru_step_backward)(const GruStepBackward<T>&);
  void (*lstm_step)(const LstmStep<T>&);
  void (*lstm_step_backward)(const LstmStepBackward<T>&);
  // x <- softmax(x), in place; returns log(sum(exp(x))).
  T (*softmax_row)(std::size_t n, T* x);
  // log(sum(exp(x)))
  T (*log_sum_exp_row)(std::size_t n, const T* x);
  // The first i with x[i] > bound, or n.
  std::size_t (*find_greater)(std::size_t n, const T* x, T bound);
  // dx = y * (dy - sum(y * dy)), which may overwrite dy.
  void (*softmax_row_backward)(std::size_t n, const T* y, const T* dy, T* dx);
  // x <- log softmax(x), in place.
  void (*log_softmax_row)(std::size_t n, T* x);
  // dx = dy - exp(y) * sum(dy), which may overwrite dy; elements with y the type's lowest value
  // (masked) get 0 and add nothing to the sum.
  void (*log_softmax_row_backward)(std::size_t n, const T* y, const T* dy, T* dx);
  // normal = (x - mean) / deviation, y = normal * gain + bias; returns 1 / deviation, the root of
  // variance + epsilon.
  T(*layer_norm_row)
  (std::size_t n, const T* x, const T* gain, const T* bias, T epsilon, T* normal, T* y);
  // From dy, and normal and inverse = 1 / deviation of the forward, to dx, which may overwrite dy.
  void (*layer_norm_row_backward)(std::size_t n, const T* dy, const T* normal, const T* gain,
                                  T inverse, T* dx);
  // Of logits x + bias, those of a row or some that follow each other; x <- exp(x + bias - max), or
  // x + bias unless `keep`. bias may be null.
  SoftmaxBlock<T> (*softmax_block)(std::size_t n, T* x, const T* bias, bool keep);
  // y = a x - b; x and y may be the same.
  void (*scale_minus)(std::size_t n, T a, const T* x, T b, T* y);
  // y <- sum over r < rows of weights[r] * x[r]; x has `ld` elements a row, y n.
  void (*weighted_sum)(std::size_t rows, std::size_t n, const T* weights, const T* x,
                       std::size_t ld, T* y);
  // dots[r] <- x[r] . y for each r < rows
  void (*row_dots)(std::size_t rows, std::size_t n, const T* x, std::size_t ld, const T* y,
                   T* dots);
  // C [m, n] = alpha A [m, k] B^T + beta C for few rows of A. B [n, k] is read once, as it is; a
  // large product packs it first. Leading dimensions and beta as in gemm.
  void (*few_rows_product)(std::size_t m, std::size_t n, std::size_t k, T alpha, const T* a,
                           std::size_t ld_a, const T* b, std::size_t ld_b, T beta, T* c,
                           std::size_t ld_c);
  // sum over a of v[a] * tanh(q[a] + k[a])
  T (*additive_score)(std::size_t n, const T* q, const T* k, const T* v);
  // Adds d score times its derivatives to dq, dk and dv.
  void (*additive_score_backward)(std::size_t n, T d_score, const T* q, const T* k, const T* v,
                                  T* dq, T* dk, T* dv);
  // gradient may be null: all zero.
  void (*adam)(std::size_t n, const AdamStep<T>& step, const T* gradient, T* parameter, T* moment1,
               T* moment2);
  // mask[i] = 1 / keep with probability keep, else 0: a function of (key, first + i) alone.
  void (*dropout_mask)(std::size_t n, std::uint64_t key, std::uint32_t first, T keep, T* mask);
};

template <class T>
const Kernels<T>& kernels();

}  // namespace babelgrad
