// What the kernel templates are written with: vectors of an xsimd architecture, sweeps over a row.
// Like simd.h, for the files of the instruction sets alone.
#pragma once

#include <cstddef>
#include <limits>
#include <xsimd/xsimd.hpp>

namespace babelgrad::simd {

// Lanes: a whole vector, or the last few elements of a row through a small buffer. (The compiler
// may contract products and sums differently in the two, so results can differ in the last bit.)
template <class Arch, class T>
struct Whole {
  using V = xsimd::batch<T, Arch>;
  V load(const T* p, T = T(0)) const { return V::load_unaligned(p); }
  void store(T* p, const V& v) const { v.store_unaligned(p); }
};

template <class Arch, class T>
struct Partial {
  using V = xsimd::batch<T, Arch>;
  std::size_t count;
  V load(const T* p, T fill = T(0)) const {
    alignas(64) T buffer[V::size];
    for (std::size_t i = 0; i < V::size; ++i) buffer[i] = i < count ? p[i] : fill;
    return V::load_aligned(buffer);
  }
  void store(T* p, const V& v) const {
    alignas(64) T buffer[V::size];
    v.store_aligned(buffer);
    for (std::size_t i = 0; i < count; ++i) p[i] = buffer[i];
  }
};

template <class Arch, class T, class Function>
inline void sweep(std::size_t n, Function f) {
  constexpr std::size_t width = xsimd::batch<T, Arch>::size;
  std::size_t i = 0;
  for (; i + width <= n; i += width) f(Whole<Arch, T>{}, i);
  if (i < n) f(Partial<Arch, T>{n - i}, i);
}

template <class Arch, class T>
inline void copy_row(std::size_t n, const T* x, T* y) {
  for (std::size_t i = 0; i < n; ++i) y[i] = x[i];
}
template <class Arch, class T>
inline void clear_row(std::size_t n, T* x) {
  for (std::size_t i = 0; i < n; ++i) x[i] = T(0);
}

template <class V>
inline V logistic(const V& x) {
  return V(1) / (V(1) + xsimd::exp(-x));
}

// f(...f(start, x[0])..., x[n - 1]) for an f that neither order nor more of `start` changes, in
// four vectors at a time, so that one need not wait for the other: a sum, a maximum.
template <class Arch, class T, class F>
inline xsimd::batch<T, Arch> fold(std::size_t n, const T* x, T start, F f) {
  using V = xsimd::batch<T, Arch>;
  constexpr std::size_t width = V::size;
  V a(start), b(start), c(start), d(start);
  std::size_t i = 0;
  for (; i + 4 * width <= n; i += 4 * width) {
    a = f(a, V::load_unaligned(x + i));
    b = f(b, V::load_unaligned(x + i + width));
    c = f(c, V::load_unaligned(x + i + 2 * width));
    d = f(d, V::load_unaligned(x + i + 3 * width));
  }
  sweep<Arch, T>(n - i, [&](auto l, std::size_t j) { a = f(a, l.load(x + i + j, start)); });
  return f(f(a, b), f(c, d));
}

// The largest of a row's numbers that are not NaN; the type's lowest value if there is none.
template <class Arch, class T>
inline T row_max(std::size_t n, const T* x) {
  using V = xsimd::batch<T, Arch>;
  const V most = fold<Arch, T>(n, x, std::numeric_limits<T>::lowest(),
                               [](const V& m, const V& v) { return xsimd::max(m, v); });
  alignas(64) T lanes[V::size];
  most.store_aligned(lanes);
  T result = lanes[0];
  for (std::size_t i = 1; i < V::size; ++i) result = lanes[i] > result ? lanes[i] : result;
  return result;
}

template <class Arch, class T>
inline T log_of(T x) {
  using V = xsimd::batch<T, Arch>;
  alignas(64) T lanes[V::size];
  xsimd::log(V(x)).store_aligned(lanes);
  return lanes[0];
}

}  // namespace babelgrad::simd
