#include "babelgrad/autograd/kernels/transpose.h"

#include <algorithm>
#include <xsimd/xsimd.hpp>

namespace babelgrad {
namespace {

#if defined(__x86_64__)
using Arch = xsimd::sse2;
#else
using Arch = xsimd::neon64;
#endif

// A square of as many rows as a vector has lanes. Each round interleaves the first half of the
// rows with the second; after log2(lanes) rounds the rows are columns.
template <class T>
void transpose_square(const T* x, std::size_t ld_x, T* y, std::size_t ld_y) {
  using V = xsimd::batch<T, Arch>;
  constexpr std::size_t n = V::size;
  V rows[n], mixed[n];
  for (std::size_t i = 0; i < n; ++i) rows[i] = V::load_unaligned(x + i * ld_x);
  for (std::size_t round = 1; round < n; round *= 2) {
    for (std::size_t i = 0; i < n / 2; ++i) {
      mixed[2 * i] = xsimd::zip_lo(rows[i], rows[i + n / 2]);
      mixed[2 * i + 1] = xsimd::zip_hi(rows[i], rows[i + n / 2]);
    }
    std::copy_n(mixed, n, rows);
  }
  for (std::size_t i = 0; i < n; ++i) rows[i].store_unaligned(y + i * ld_y);
}

// Calls f(r, c) in steps over a matrix, along the rows of x or of y: those that are farther apart,
// so that the few lines that compete for one place in the cache are used up at once.
template <class F>
void visit(std::size_t rows, std::size_t cols, std::size_t step, bool along_x, const F& f) {
  if (along_x)
    for (std::size_t r = 0; r < rows; r += step)
      for (std::size_t c = 0; c < cols; c += step) f(r, c);
  else
    for (std::size_t c = 0; c < cols; c += step)
      for (std::size_t r = 0; r < rows; r += step) f(r, c);
}

// In squares, then the rest one by one.
template <class T>
void transpose_tile(std::size_t rows, std::size_t cols, const T* x, std::size_t ld_x, T* y,
                    std::size_t ld_y) {
  constexpr std::size_t n = xsimd::batch<T, Arch>::size;
  const std::size_t whole_rows = rows - rows % n, whole_cols = cols - cols % n;
  visit(whole_rows, whole_cols, n, ld_x > ld_y, [=](std::size_t r, std::size_t c) {
    transpose_square(x + r * ld_x + c, ld_x, y + c * ld_y + r, ld_y);
  });
  for (std::size_t c = 0; c < cols; ++c)
    for (std::size_t r = c < whole_cols ? whole_rows : 0; r < rows; ++r)
      y[c * ld_y + r] = x[r * ld_x + c];
}

}  // namespace

template <class T>
void transpose_matrix(std::size_t rows, std::size_t cols, const T* x, std::size_t ld_x, T* y,
                      std::size_t ld_y) {
  constexpr std::size_t kTile = 64 / sizeof(T);  // a cache line
  visit(rows, cols, kTile, ld_x > ld_y, [=](std::size_t r, std::size_t c) {
    transpose_tile(std::min(kTile, rows - r), std::min(kTile, cols - c), x + r * ld_x + c, ld_x,
                   y + c * ld_y + r, ld_y);
  });
}

template void transpose_matrix(std::size_t, std::size_t, const float*, std::size_t, float*,
                               std::size_t);
template void transpose_matrix(std::size_t, std::size_t, const double*, std::size_t, double*,
                               std::size_t);

}  // namespace babelgrad
