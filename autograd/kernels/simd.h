// The kernels as templates over an xsimd architecture. Included once by each instruction set's
// file, which is compiled with that set's flags; nothing else may include it. Nothing here may call
// a library function that is not itself a template over Arch (it could be linked into code that
// runs on an older processor).
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

#include "babelgrad/autograd/kernels/kernels.h"
#include "babelgrad/autograd/kernels/simd_products.h"
#include "babelgrad/autograd/kernels/simd_recurrences.h"
#include "babelgrad/autograd/kernels/simd_rows.h"

namespace babelgrad::simd {

template <class Arch, class T>
struct Implementation {
  using V = xsimd::batch<T, Arch>;

  static void tanh(std::size_t n, const T* x, T* y) {
    sweep<Arch, T>(n, [=](auto l, std::size_t i) { l.store(y + i, xsimd::tanh(l.load(x + i))); });
  }
  static void sigmoid(std::size_t n, const T* x, T* y) {
    sweep<Arch, T>(n, [=](auto l, std::size_t i) { l.store(y + i, logistic(l.load(x + i))); });
  }
  static void tanh_backward(std::size_t n, const T* y, const T* dy, T* dx) {
    sweep<Arch, T>(n, [=](auto l, std::size_t i) {
      const V t = l.load(y + i);
      l.store(dx + i, l.load(dy + i) * (V(1) - t * t));
    });
  }
  static void sigmoid_backward(std::size_t n, const T* y, const T* dy, T* dx) {
    sweep<Arch, T>(n, [=](auto l, std::size_t i) {
      const V s = l.load(y + i);
      l.store(dx + i, l.load(dy + i) * s * (V(1) - s));
    });
  }
  static void add(std::size_t n, const T* x, T* y) {
    sweep<Arch, T>(n,
                   [=](auto l, std::size_t i) { l.store(y + i, l.load(y + i) + l.load(x + i)); });
  }
  static void scale(std::size_t n, T a, T* x) {
    sweep<Arch, T>(n, [=](auto l, std::size_t i) { l.store(x + i, V(a) * l.load(x + i)); });
  }
  static void multiply(std::size_t n, const T* a, const T* b, T* c) {
    sweep<Arch, T>(n,
                   [=](auto l, std::size_t i) { l.store(c + i, l.load(a + i) * l.load(b + i)); });
  }
  static void add_to_rows(std::size_t rows, std::size_t cols, const T* bias, T* x) {
    for (std::size_t r = 0; r < rows; ++r) add(cols, bias, x + r * cols);
  }
  // In blocks of rows, so that the error grows with the number of blocks, not of rows.
  static void sum_rows(std::size_t rows, std::size_t cols, const T* x, std::size_t ld, T* sums) {
    constexpr std::size_t block = 64, width = 1024;
    alignas(64) T partial[width];
    for (std::size_t c = 0; c < cols; c += width) {
      const std::size_t n = cols - c < width ? cols - c : width;
      for (std::size_t r = 0; r < rows; r += block) {
        const std::size_t end = rows - r < block ? rows : r + block;
        copy_row<Arch>(n, x + r * ld + c, partial);
        for (std::size_t i = r + 1; i < end; ++i) add(n, x + i * ld + c, partial);
        add(n, partial, sums + c);
      }
    }
  }
  // In blocks, each summed in the lanes' precision, the blocks in double.
  static double sum_of_squares(std::size_t n, const T* x) {
    constexpr std::size_t block = 4096;
    double total = 0;
    for (std::size_t start = 0; start < n; start += block) {
      const T* from = x + start;
      V sum(T(0));
      sweep<Arch, T>(n - start < block ? n - start : block, [&](auto l, std::size_t i) {
        const V v = l.load(from + i);
        sum = xsimd::fma(v, v, sum);
      });
      total += static_cast<double>(xsimd::hadd(sum));
    }
    return total;
  }

  // y <- exp(x - max), returns the sum.
  static T exponentials(std::size_t n, const T* x, T max, T* y) {
    V sum(T(0));
    const T none = -std::numeric_limits<T>::infinity();  // adds exp(-inf) = 0
    sweep<Arch, T>(n, [&](auto l, std::size_t i) {
      const V e = xsimd::exp(l.load(x + i, none) - V(max));
      sum += e;
      l.store(y + i, e);
    });
    return xsimd::hadd(sum);
  }

  static T softmax_row(std::size_t n, T* x) {
    const T max = row_max<Arch>(n, x);
    const T sum = exponentials(n, x, max, x);
    scale(n, T(1) / sum, x);
    return max + log_of<Arch>(sum);
  }

  static T log_sum_exp_row(std::size_t n, const T* x) {
    const T max = row_max<Arch>(n, x);
    if (max == std::numeric_limits<T>::infinity()) return max;
    V sum(T(0));
    const T none = -std::numeric_limits<T>::infinity();  // adds exp(-inf) = 0
    sweep<Arch, T>(n,
                   [&](auto l, std::size_t i) { sum += xsimd::exp(l.load(x + i, none) - V(max)); });
    return max + log_of<Arch>(xsimd::hadd(sum));
  }

  static std::size_t find_greater(std::size_t n, const T* x, T bound) {
    std::size_t i = 0;
    while (i + V::size <= n && !xsimd::any(V::load_unaligned(x + i) > V(bound))) i += V::size;
    while (i < n && !(x[i] > bound)) ++i;
    return i;
  }

  static void softmax_row_backward(std::size_t n, const T* y, const T* dy, T* dx) {
    V dot(T(0));
    sweep<Arch, T>(
        n, [&](auto l, std::size_t i) { dot = xsimd::fma(l.load(y + i), l.load(dy + i), dot); });
    const V total(xsimd::hadd(dot));
    sweep<Arch, T>(n, [=](auto l, std::size_t i) {
      l.store(dx + i, l.load(y + i) * (l.load(dy + i) - total));
    });
  }

  static SoftmaxBlock<T> softmax_block(std::size_t n, T* x, const T* bias, bool keep) {
    if (bias != nullptr) add(n, bias, x);
    const T max = row_max<Arch>(n, x), none = -std::numeric_limits<T>::infinity();
    V sum(T(0)), centred(T(0));
    sweep<Arch, T>(n, [&](auto l, std::size_t i) {
      const V e = xsimd::exp(l.load(x + i, none) - V(max));  // 0 of none
      sum += e;
      centred += l.load(x + i, max) - V(max);
      if (keep) l.store(x + i, e);
    });
    return {max, xsimd::hadd(sum), xsimd::hadd(centred)};
  }
  static void scale_minus(std::size_t n, T a, const T* x, T b, T* y) {
    sweep<Arch, T>(
        n, [=](auto l, std::size_t i) { l.store(y + i, xsimd::fms(l.load(x + i), V(a), V(b))); });
  }

  static void weighted_sum(std::size_t rows, std::size_t n, const T* weights, const T* x,
                           std::size_t ld, T* y) {
    sweep<Arch, T>(n, [=](auto l, std::size_t i) {
      V sum(T(0));
      for (std::size_t r = 0; r < rows; ++r)
        sum = xsimd::fma(V(weights[r]), l.load(x + r * ld + i), sum);
      l.store(y + i, sum);
    });
  }

  static void row_dots(std::size_t rows, std::size_t n, const T* x, std::size_t ld, const T* y,
                       T* dots) {
    for (std::size_t r = 0; r < rows; ++r) {
      const T* row = x + r * ld;
      V sum(T(0));
      sweep<Arch, T>(
          n, [&](auto l, std::size_t i) { sum = xsimd::fma(l.load(row + i), l.load(y + i), sum); });
      dots[r] = xsimd::hadd(sum);
    }
  }

  static T additive_score(std::size_t n, const T* q, const T* k, const T* v) {
    V sum(T(0));
    sweep<Arch, T>(n, [&](auto l, std::size_t i) {
      sum = xsimd::fma(l.load(v + i), xsimd::tanh(l.load(q + i) + l.load(k + i)), sum);
    });
    return xsimd::hadd(sum);
  }

  static void additive_score_backward(std::size_t n, T d_score, const T* q, const T* k, const T* v,
                                      T* dq, T* dk, T* dv) {
    const V d(d_score);
    sweep<Arch, T>(n, [=](auto l, std::size_t i) {
      const V t = xsimd::tanh(l.load(q + i) + l.load(k + i));
      const V g = d * l.load(v + i) * (V(1) - t * t);
      l.store(dq + i, l.load(dq + i) + g);
      l.store(dk + i, l.load(dk + i) + g);
      l.store(dv + i, xsimd::fma(d, t, l.load(dv + i)));
    });
  }

  static void adam(std::size_t n, const AdamStep<T>& s, const T* gradient, T* parameter, T* moment1,
                   T* moment2) {
    const auto update = [=](auto l, std::size_t i, const V& g0) {
      const V p = l.load(parameter + i);
      const V g = g0 * V(s.gradient_scale) + V(s.l2) * p;
      const V m = V(s.beta1) * l.load(moment1 + i) + V(T(1) - s.beta1) * g;
      const V v = V(s.beta2) * l.load(moment2 + i) + V(T(1) - s.beta2) * g * g;
      const V denominator = xsimd::sqrt(v) * V(s.inv_sqrt_correction) + V(s.epsilon);
      l.store(moment1 + i, m);
      l.store(moment2 + i, v);
      l.store(parameter + i, V(s.decay) * p - V(s.step_size) * m / denominator);
    };
    if (gradient == nullptr)
      sweep<Arch, T>(n, [=](auto l, std::size_t i) { update(l, i, V(T(0))); });
    else
      sweep<Arch, T>(n, [=](auto l, std::size_t i) { update(l, i, l.load(gradient + i)); });
  }

  // Two rounds of a 32-bit integer hash, each keyed by one half of `key`; a plain loop that the
  // compiler vectorises with this file's flags.
  static void dropout_mask(std::size_t n, std::uint64_t key, std::uint32_t first, T keep, T* mask) {
    const std::uint32_t low = static_cast<std::uint32_t>(key);
    const std::uint32_t high = static_cast<std::uint32_t>(key >> 32);
    const double bound = static_cast<double>(keep) * 4294967296.0;
    const std::uint32_t limit =
        bound >= 4294967295.0 ? 4294967295u : static_cast<std::uint32_t>(bound);
    const T value = T(1) / keep;
    for (std::size_t i = 0; i < n; ++i) {
      std::uint32_t x = (first + static_cast<std::uint32_t>(i)) * 0x9e3779b9u ^ low;
      x ^= x >> 16;
      x *= 0x7feb352du;
      x ^= x >> 15;
      x *= 0x846ca68bu;
      x ^= (x >> 16) ^ high;
      x ^= x >> 16;
      x *= 0x7feb352du;
      x ^= x >> 15;
      x *= 0x846ca68bu;
      x ^= x >> 16;
      mask[i] = x < limit ? value : T(0);
    }
  }

  static constexpr Kernels<T> table(const char* name) {
    Kernels<T> k{};
    k.name = name;
    k.tanh = tanh;
    k.sigmoid = sigmoid;
    k.tanh_backward = tanh_backward;
    k.sigmoid_backward = sigmoid_backward;
    k.add = add;
    k.scale = scale;
    k.multiply = multiply;
    k.add_to_rows = add_to_rows;
    k.sum_rows = sum_rows;
    k.sum_of_squares = sum_of_squares;
    k.gru_step = Recurrences<Arch, T>::gru_step;
    k.gru_step_backward = Recurrences<Arch, T>::gru_step_backward;
    k.lstm_step = Recurrences<Arch, T>::lstm_step;
    k.lstm_step_backward = Recurrences<Arch, T>::lstm_step_backward;
    k.softmax_row = softmax_row;
    k.log_sum_exp_row = log_sum_exp_row;
    k.exp = Rows<Arch, T>::exp;
    k.log = Rows<Arch, T>::template apply<xsimd::log>;
    k.expm1 = Rows<Arch, T>::template apply<xsimd::expm1>;
    k.log1p = Rows<Arch, T>::template apply<xsimd::log1p>;
    k.erf = Rows<Arch, T>::template apply<Rows<Arch, T>::erf_of>;
    k.erfc = Rows<Arch, T>::template apply<Rows<Arch, T>::erfc_of>;
    k.multiply_add = Rows<Arch, T>::multiply_add;
    k.sum = Rows<Arch, T>::sum;
    k.copy_block = Rows<Arch, T>::copy_block;
    k.add_block = Rows<Arch, T>::add_block;
    k.max_row = Rows<Arch, T>::max_row;
    k.min_row = Rows<Arch, T>::min_row;
    k.log_softmax_row = Rows<Arch, T>::log_softmax_row;
    k.log_softmax_row_backward = Rows<Arch, T>::log_softmax_row_backward;
    k.layer_norm_row = Rows<Arch, T>::layer_norm_row;
    k.layer_norm_row_backward = Rows<Arch, T>::layer_norm_row_backward;
    k.find_greater = find_greater;
    k.softmax_row_backward = softmax_row_backward;
    k.softmax_block = softmax_block;
    k.scale_minus = scale_minus;
    k.weighted_sum = weighted_sum;
    k.row_dots = row_dots;
    k.few_rows_product = Products<Arch, T>::few_rows;
    k.additive_score = additive_score;
    k.additive_score_backward = additive_score_backward;
    k.adam = adam;
    k.dropout_mask = dropout_mask;
    return k;
  }
};

}  // namespace babelgrad::simd
