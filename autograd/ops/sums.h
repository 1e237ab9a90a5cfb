// Sums over blocks of an array (axis_walk.h), and over what is made of them piece by piece.
#pragma once

#include <algorithm>
#include <functional>
#include <vector>

#include "babelgrad/autograd/kernels/kernels.h"
#include "babelgrad/autograd/kernels/prefetch.h"
#include "babelgrad/autograd/kernels/transpose.h"
#include "babelgrad/autograd/ops/axis_walk.h"

namespace babelgrad {

// A row shorter than that is not worth a call of a kernel.
inline constexpr std::size_t kShortRow = 16;

// to[r] = op(... op(op(to[r], from[r, 0]), from[r, 1]) ...) for the rows, shorter than kShortRow,
// of a block: several rows side by side, since each operation waits for the one before.
template <class T, class F>
void fold_short_rows(const ReducedBlock& b, const T* from, std::size_t step, T* to, F op) {
  constexpr std::size_t kTile = 32;
  T tile[kShortRow * kTile];
  for (std::size_t r = 0; r < b.rows; r += kTile) {
    const std::size_t rows = std::min(kTile, b.rows - r);
    prefetch_block<Use::read>(std::min(kTile, b.rows - r - rows), b.cols, from + (r + rows) * step,
                              step);
    transpose_matrix(rows, b.cols, from + r * step, step, tile, kTile);
    for (std::size_t i = 0; i < b.cols; ++i)
      for (std::size_t k = 0; k < rows; ++k) to[r + k] = op(to[r + k], tile[i * kTile + k]);
  }
}

// Adds a block, whose rows begin `step` elements apart from `from` on, to what it is reduced to.
template <class T>
void add_up(const ReducedBlock& b, const T* from, std::size_t step, T* to) {
  if (!b.to_one) return kernels<T>().sum_rows(b.rows, b.cols, from, step, to);
  if (b.cols < kShortRow) return fold_short_rows(b, from, step, to, std::plus<T>());
  for (std::size_t r = 0; r < b.rows; ++r, from += step)
    to[r] += static_cast<T>(kernels<T>().sum(b.cols, from));
}

// The sums in the shape `kept` of numbers that stand for those of an array of `shape`, without an
// array of them: make(piece, to) writes those of a piece, its rows one behind the other.
template <class T, class Make>
Array<T> sum_of(const Shape& shape, const Shape& kept, const Make& make) {
  constexpr std::size_t kPiece = 8192;  // elements, which stay in the cache
  Array<T> total = zeros<T>(kept);
  std::vector<T> made;
  for_each_block(shape, kept, [&](const ReducedBlock& b) {
    T* to = total.data() + b.reduced;
    ReducedBlock piece = b;
    if (b.to_one && b.cols > kPiece) {
      made.resize(kPiece);
      for (std::size_t r = 0; r < b.rows; ++r) {
        double sum = 0;
        for (std::size_t i = 0; i < b.cols; i += kPiece) {
          piece = {1,    std::min(kPiece, b.cols - i), b.step,
                   true, b.dense + r * b.step + i,     b.reduced + r};
          make(piece, made.data());
          sum += kernels<T>().sum(piece.cols, made.data());
        }
        to[r] += static_cast<T>(sum);
      }
      return;
    }
    const std::size_t rows = std::max<std::size_t>(1, kPiece / b.cols);
    made.resize(std::min(rows, b.rows) * b.cols);
    for (std::size_t r = 0; r < b.rows; r += rows) {
      piece.rows = std::min(rows, b.rows - r);
      piece.dense = b.dense + r * b.step;
      piece.reduced = b.reduced + (b.to_one ? r : 0);
      make(piece, made.data());
      add_up(piece, made.data(), b.cols, total.data() + piece.reduced);
    }
  });
  return total;
}

}  // namespace babelgrad
