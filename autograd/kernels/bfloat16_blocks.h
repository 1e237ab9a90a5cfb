// The loop over the blocks of a packed product, for the .cpp files that say how one is computed.
// Block::multiply(depth_tiles, a, b, two_a, two_b, add, c, ld) makes 32 x 32 elements of C of two
// panels of each factor, or of the first one alone. Block is a type of the .cpp file's own: what is
// compiled here for its instructions must not be taken for another file's.
#pragma once

#include <algorithm>

#include "babelgrad/autograd/kernels/bfloat16.h"

namespace babelgrad::bfloat16 {

// Of so much depth two panels of A stay in the first-level cache, and so many panels of B in the
// second-level cache.
constexpr std::size_t kDepthTiles = 16, kPanels = 32, kBlock = 2 * kTileVectors;
constexpr std::size_t kTileDepth = kElementsOfWord * kTileRowWords;

// What of a block of C is there; the rest of 32 x 32 elements stands in a buffer meanwhile.
template <class Block>
void multiply_block(std::size_t depth_tiles, const Panels& a, const Panels& b, std::size_t rows,
                    std::size_t cols, bool add, float* c, std::size_t ld) {
  const bool two_a = rows > kTileVectors, two_b = cols > kTileVectors;
  if (rows == kBlock && cols == kBlock)
    return Block::multiply(depth_tiles, a, b, two_a, two_b, add, c, ld);
  alignas(64) float buffer[kBlock * kBlock] = {};
  if (add)
    for (std::size_t r = 0; r < rows; ++r)
      for (std::size_t j = 0; j < cols; ++j) buffer[r * kBlock + j] = c[r * ld + j];
  Block::multiply(depth_tiles, a, b, two_a, two_b, add, buffer, kBlock);
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t j = 0; j < cols; ++j) c[r * ld + j] = buffer[r * kBlock + j];
}

// The next block's C, which is far away.
template <class Block>
void prefetch(const float* c, std::size_t ld, std::size_t rows, std::size_t cols) {
  if (cols >= 2 * kBlock)
    for (std::size_t r = 0; r < rows; ++r) {
      __builtin_prefetch(c + r * ld, 1);
      __builtin_prefetch(c + r * ld + 16, 1);
    }
}

template <class Block>
void multiply_blocks(std::size_t m, std::size_t n, std::size_t depth, const Panels& a,
                     const Panels& b, bool add, float* c, std::size_t ld) {
  const std::size_t all = tiles_of(depth, kElementsOfWord);
  const auto at = [](const Panels& x, std::size_t vector, std::size_t tile) {
    return Panels{x.words + vector / kTileVectors * x.stride + tile * kTileWords, x.stride};
  };
  for (std::size_t i = 0; all == 0 && !add && i < m; ++i) std::fill_n(c + i * ld, n, 0.0f);
  for (std::size_t k = 0; k < all; k += kDepthTiles)
    for (std::size_t first = 0; first < n; first += kPanels * kTileVectors)
      for (std::size_t i = 0; i < m; i += kBlock)
        for (std::size_t j = first; j < std::min(n, first + kPanels * kTileVectors); j += kBlock) {
          prefetch<Block>(c + i * ld + j + kBlock, ld, std::min(kBlock, m - i), n - j);
          multiply_block<Block>(std::min(kDepthTiles, all - k), at(a, i, k), at(b, j, k),
                                std::min(kBlock, m - i), std::min(kBlock, n - j), add || k > 0,
                                c + i * ld + j, ld);
        }
}

}  // namespace babelgrad::bfloat16
