#include "babelgrad/autograd/kernels/transpose.h"

#include <algorithm>
#include <xsimd/xsimd.hpp>

#include "babelgrad/autograd/kernels/prefetch.h"

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

// In squares, then the rest one by one.
template <class T>
void transpose_tile(std::size_t rows, std::size_t cols, const T* x, std::size_t ld_x, T* y,
                    std::size_t ld_y) {
  constexpr std::size_t n = xsimd::batch<T, Arch>::size;
  const std::size_t whole_rows = rows - rows % n, whole_cols = cols - cols % n;
  for (std::size_t r = 0; r < whole_rows; r += n)
    for (std::size_t c = 0; c < whole_cols; c += n)
      transpose_square(x + r * ld_x + c, ld_x, y + c * ld_y + r, ld_y);
  for (std::size_t c = 0; c < cols; ++c)
    for (std::size_t r = c < whole_cols ? whole_rows : 0; r < rows; ++r)
      y[c * ld_y + r] = x[r * ld_x + c];
}

}  // namespace

template <class T>
void transpose_matrix(std::size_t rows, std::size_t cols, const T* x, std::size_t ld_x, T* y,
                      std::size_t ld_y) {
  constexpr std::size_t kTile = 64;
  T tile[kTile * kTile];
  for (std::size_t c = 0; c < cols; c += kTile)
    for (std::size_t r = 0; r < rows; r += kTile) {
      const std::size_t height = std::min(kTile, rows - r), width = std::min(kTile, cols - c);
      const T* from = x + r * ld_x + c;
      T* to = y + c * ld_y + r;
      if (height < kTile) {
        transpose_tile(height, width, from, ld_x, to, ld_y);
        continue;
      }
      prefetch_block<Use::write>(width, kTile, to, ld_y);
      prefetch_block<Use::read>(std::min(kTile, rows - r - kTile), width, from + kTile * ld_x,
                                ld_x);
      transpose_tile(height, width, from, ld_x, tile, kTile);
      for (std::size_t i = 0; i < width; ++i) std::copy_n(tile + i * kTile, kTile, to + i * ld_y);
    }
}

template void transpose_matrix(std::size_t, std::size_t, const float*, std::size_t, float*,
                               std::size_t);
template void transpose_matrix(std::size_t, std::size_t, const double*, std::size_t, double*,
                               std::size_t);

}  // namespace babelgrad
