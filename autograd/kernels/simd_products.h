// Products of few rows. Part of simd.h.
#pragma once

#include <cstddef>
#include <utility>

#include "babelgrad/autograd/kernels/simd_lanes.h"

namespace babelgrad::simd {

template <class Arch, class T>
struct Products {
  using V = xsimd::batch<T, Arch>;
  static constexpr std::size_t kRows = 6, kColumns = 2;  // of a tile: 12 sums stay in registers
  static constexpr std::size_t kAhead = 2 * kColumns;    // rows of B, 4 KiB if k is 256

  // R x C dot products at once. Each is summed in the same order, whatever stands beside it.
  // `ahead`: rows of B that are wanted soon; the processor does not guess them well.
  template <std::size_t R, std::size_t C>
  static void tile(std::size_t k, T alpha, const T* a, std::size_t ld_a, const T* b,
                   std::size_t ld_b, const T* ahead, T beta, T* c, std::size_t ld_c) {
    V sums[R][C];
    for (std::size_t r = 0; r < R; ++r)
      for (std::size_t j = 0; j < C; ++j) sums[r][j] = V(T(0));
    sweep<Arch, T>(k, [&](auto l, std::size_t i) {
      V right[C];
      for (std::size_t j = 0; j < C; ++j) {
        right[j] = l.load(b + j * ld_b + i);
        __builtin_prefetch(ahead + j * ld_b + i);
      }
      for (std::size_t r = 0; r < R; ++r) {
        const V left = l.load(a + r * ld_a + i);
        for (std::size_t j = 0; j < C; ++j) sums[r][j] = xsimd::fma(left, right[j], sums[r][j]);
      }
    });
    for (std::size_t r = 0; r < R; ++r)
      for (std::size_t j = 0; j < C; ++j) {
        T& to = c[r * ld_c + j];
        const T dot = alpha * xsimd::hadd(sums[r][j]);
        to = beta == T(0) ? dot : dot + beta * to;
      }
  }

  // tile<rows, C>, for rows of 1 to kRows.
  template <std::size_t C, class... Arguments>
  static void tile_of(std::size_t rows, Arguments... arguments) {
    [&]<std::size_t... R>(std::index_sequence<R...>) {
      ((rows == R + 1 ? tile<R + 1, C>(arguments...) : void()), ...);
    }
    (std::make_index_sequence<kRows>());
  }

  // Row by row of B, which is read once; those of A stay in the first-level cache.
  static void few_rows(std::size_t m, std::size_t n, std::size_t k, T alpha, const T* a,
                       std::size_t ld_a, const T* b, std::size_t ld_b, T beta, T* c,
                       std::size_t ld_c) {
    const std::size_t tiles = (m + kRows - 1) / kRows;
    for (std::size_t j = 0; j < n; j += kColumns) {
      const T* right = b + j * ld_b;
      const T* ahead = j + kAhead + kColumns <= n ? right + kAhead * ld_b : right;
      for (std::size_t t = 0; t < tiles; ++t) {
        const std::size_t row = t * m / tiles, rows = (t + 1) * m / tiles - row;
        const T* left = a + row * ld_a;
        T* to = c + row * ld_c + j;
        if (j + kColumns <= n)
          tile_of<kColumns>(rows, k, alpha, left, ld_a, right, ld_b, ahead, beta, to, ld_c);
        else
          tile_of<1>(rows, k, alpha, left, ld_a, right, ld_b, ahead, beta, to, ld_c);
      }
    }
  }
};

}  // namespace babelgrad::simd
