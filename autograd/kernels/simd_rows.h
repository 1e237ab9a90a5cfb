// The kernels of the generic ops: elementwise functions, sums, log-softmax, layer normalisation.
// Part of simd.h.
#pragma once

#include <cstddef>
#include <limits>

#include "babelgrad/autograd/kernels/simd_lanes.h"

namespace babelgrad::simd {

template <class Arch, class T>
struct Rows {
  using V = xsimd::batch<T, Arch>;

  static void exp(std::size_t n, const T* x, T shift, T* y) {
    sweep<Arch, T>(
        n, [=](auto l, std::size_t i) { l.store(y + i, xsimd::exp(l.load(x + i) - V(shift))); });
  }
  // y = f(x)
  template <V (*f)(const V&)>
  static void apply(std::size_t n, const T* x, T* y) {
    sweep<Arch, T>(n, [=](auto l, std::size_t i) { l.store(y + i, f(l.load(x + i))); });
  }
  // Both are constant far from 0, where xsimd's polynomials overflow.
  static V near_zero(const V& x) {
    return xsimd::select(x > V(30), V(30), xsimd::select(x < V(-30), V(-30), x));
  }
  static V erf_of(const V& x) { return xsimd::erf(near_zero(x)); }
  static V erfc_of(const V& x) { return xsimd::erfc(near_zero(x)); }
  static void multiply_add(std::size_t n, const T* a, const T* b, T* c) {
    sweep<Arch, T>(n, [=](auto l, std::size_t i) {
      l.store(c + i, xsimd::fma(l.load(a + i), l.load(b + i), l.load(c + i)));
    });
  }

  // f(x, y) for the elements of a block, in pieces that are a vector or two: a row is too short for
  // a call of memmove, and often shorter than the widest vector.
  template <class F>
  static void for_each_in_block(std::size_t rows, std::size_t cols, const T* __restrict x,
                                std::size_t ld_x, T* __restrict y, std::size_t ld_y, F f) {
    constexpr std::size_t piece = 8;
    for (std::size_t r = 0; r < rows; ++r, x += ld_x, y += ld_y) {
      std::size_t k = 0;
      for (; k + piece <= cols; k += piece)
        for (std::size_t i = 0; i < piece; ++i) f(x[k + i], y[k + i]);
      for (; k < cols; ++k) f(x[k], y[k]);
    }
  }
  static void copy_block(std::size_t rows, std::size_t cols, const T* x, std::size_t ld_x, T* y,
                         std::size_t ld_y) {
    for_each_in_block(rows, cols, x, ld_x, y, ld_y, [](T from, T& to) { to = from; });
  }
  static void add_block(std::size_t rows, std::size_t cols, const T* x, std::size_t ld_x, T* y,
                        std::size_t ld_y) {
    for_each_in_block(rows, cols, x, ld_x, y, ld_y, [](T from, T& to) { to += from; });
  }

  // In blocks, each summed in the lanes' precision, the blocks in double.
  static double sum(std::size_t n, const T* x) {
    constexpr std::size_t block = 4096;
    double total = 0;
    for (std::size_t start = 0; start < n; start += block) {
      const V sum = fold<Arch, T>(n - start < block ? n - start : block, x + start, T(0),
                                  [](const V& s, const V& v) { return s + v; });
      total += static_cast<double>(xsimd::hadd(sum));
    }
    return total;
  }

  // The element that no other is better than; `worst` if n = 0. A NaN that is in stays.
  template <class Better>
  static T best_of_row(std::size_t n, const T* x, T worst, Better better) {
    const V best = fold<Arch, T>(n, x, worst, [=](const V& m, const V& v) {
      return xsimd::select(better(v, m) || xsimd::isnan(v), v, m);
    });
    alignas(64) T lanes[V::size];
    best.store_aligned(lanes);
    T result = lanes[0];
    for (std::size_t i = 1; i < V::size; ++i)
      result = better(lanes[i], result) || lanes[i] != lanes[i] ? lanes[i] : result;
    return result;
  }
  static T max_row(std::size_t n, const T* x) {
    return best_of_row(n, x, -std::numeric_limits<T>::infinity(),
                       [](const auto& a, const auto& b) { return a > b; });
  }
  static T min_row(std::size_t n, const T* x) {
    return best_of_row(n, x, std::numeric_limits<T>::infinity(),
                       [](const auto& a, const auto& b) { return a < b; });
  }

  static void log_softmax_row(std::size_t n, T* x) {
    const T max = row_max<Arch>(n, x);
    const T none = -std::numeric_limits<T>::infinity();  // adds exp(-inf) = 0
    V sum(T(0));
    sweep<Arch, T>(n, [&](auto l, std::size_t i) {
      const V centred = l.load(x + i, none) - V(max);  // first, or large logits lose digits
      l.store(x + i, centred);
      sum += xsimd::exp(centred);
    });
    const V log_sum(log_of<Arch>(xsimd::hadd(sum)));
    sweep<Arch, T>(n, [=](auto l, std::size_t i) { l.store(x + i, l.load(x + i) - log_sum); });
  }

  static void log_softmax_row_backward(std::size_t n, const T* y, const T* dy, T* dx) {
    const V masked(std::numeric_limits<T>::lowest()), zero(T(0));
    V sum(T(0));
    sweep<Arch, T>(n, [&](auto l, std::size_t i) {
      sum += xsimd::select(l.load(y + i) == masked, zero, l.load(dy + i));
    });
    const V total(xsimd::hadd(sum));
    sweep<Arch, T>(n, [=](auto l, std::size_t i) {
      const V log_p = l.load(y + i);
      l.store(dx + i,
              xsimd::select(log_p == masked, zero, l.load(dy + i) - xsimd::exp(log_p) * total));
    });
  }

  static T layer_norm_row(std::size_t n, const T* x, const T* gain, const T* bias, T epsilon,
                          T* normal, T* y) {
    const T mean = static_cast<T>(sum(n, x) / static_cast<double>(n));
    V squares(T(0));
    sweep<Arch, T>(n, [&](auto l, std::size_t i) {
      const V centred = l.load(x + i, mean) - V(mean);
      squares = xsimd::fma(centred, centred, squares);
    });
    const V inverse = V(1) / xsimd::sqrt(V(xsimd::hadd(squares) / static_cast<T>(n) + epsilon));
    sweep<Arch, T>(n, [=](auto l, std::size_t i) {
      const V u = (l.load(x + i) - V(mean)) * inverse;
      l.store(normal + i, u);
      l.store(y + i, xsimd::fma(u, l.load(gain + i), l.load(bias + i)));
    });
    alignas(64) T lanes[V::size];
    inverse.store_aligned(lanes);
    return lanes[0];
  }

  static void layer_norm_row_backward(std::size_t n, const T* dy, const T* normal, const T* gain,
                                      T inverse, T* dx) {
    V sum(T(0)), dot(T(0));
    sweep<Arch, T>(n, [&](auto l, std::size_t i) {
      const V d = l.load(dy + i) * l.load(gain + i);
      sum += d;
      dot = xsimd::fma(d, l.load(normal + i), dot);
    });
    const V mean(xsimd::hadd(sum) / static_cast<T>(n)), slope(xsimd::hadd(dot) / static_cast<T>(n));
    sweep<Arch, T>(n, [=](auto l, std::size_t i) {
      const V d = l.load(dy + i) * l.load(gain + i);
      l.store(dx + i, (d - mean - l.load(normal + i) * slope) * V(inverse));
    });
  }
};

}  // namespace babelgrad::simd
