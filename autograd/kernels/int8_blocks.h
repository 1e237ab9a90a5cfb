// Packing, and the loop over the blocks of a product, for the .cpp files that say how one block is
// computed: Own::sums(tiles, a, b, stride, rows, cols, sums) adds up 32 x 32 elements of two panels
// of each factor (16 vectors each, the second `stride` words behind the first), of which rows and
// cols are wanted. Own is a type of the .cpp file's own: what is compiled here for its instructions
// must not be taken for another file's. These files are compiled without contracting products and
// sums into one operation, so that all round alike.
#pragma once

#include <algorithm>
#include <bit>

#include "babelgrad/autograd/kernels/int8.h"

namespace babelgrad::int8 {

constexpr std::size_t kTileDepth = kTileRowWords * kElementsOfWord, kBlock = 2 * kTileVectors;

// The elements of a tile's vector, zeros behind the last; in place, or in `buffer`.
template <class Own>
const float* stretch(const Factor& f, std::size_t vector, std::size_t begin, float* buffer) {
  const std::size_t n = std::min(kTileDepth, f.depth - begin);
  const float* from = f.x + (f.vectors_are_rows ? vector * f.ld + begin : begin * f.ld + vector);
  const std::size_t step = f.vectors_are_rows ? 1 : f.ld;
  if (step == 1 && n == kTileDepth) return from;
  for (std::size_t i = 0; i < n; ++i) buffer[i] = from[i * step];
  for (std::size_t i = n; i < kTileDepth; ++i) buffer[i] = 0;
  return buffer;
}

// As whole numbers the bits of magnitudes are in the order of their sizes, NaN above all.
template <class Own>
float largest_magnitude(const Factor& f, std::size_t vector) {
  std::int32_t most = 0;
  float buffer[kTileDepth];
  for (std::size_t begin = 0; begin < f.depth; begin += kTileDepth) {
    const float* x = stretch<Own>(f, vector, begin, buffer);
    for (std::size_t i = 0; i < kTileDepth; ++i)
      most = std::max(most, std::bit_cast<std::int32_t>(x[i]) & 0x7fffffff);
  }
  return std::bit_cast<float>(most);
}

// Whole numbers of x * inverse, as the bytes of one row of a tile.
template <class Own>
void quantize(const float* __restrict x, float inverse, std::uint32_t* __restrict to) {
  constexpr float kRounder = 3u << 22;  // 1.5 * 2^23: what is added to it is rounded
  std::uint8_t bytes[kTileDepth];
  for (std::size_t i = 0; i < kTileDepth; ++i)
    bytes[i] = static_cast<std::uint8_t>(std::bit_cast<std::uint32_t>(x[i] * inverse + kRounder));
  __builtin_memcpy(to, bytes, sizeof bytes);
}

template <class Own>
void transpose_words(std::uint32_t* tile) {
  for (std::size_t r = 0; r < kTileVectors; ++r)
    for (std::size_t w = r + 1; w < kTileRowWords; ++w) {
      const std::uint32_t word = tile[r * kTileRowWords + w];
      tile[r * kTileRowWords + w] = tile[w * kTileRowWords + r];
      tile[w * kTileRowWords + r] = word;
    }
}

// Of a panel with so many tiles.
template <class Own>
void turn_panel(std::size_t tiles, std::uint32_t* panel) {
  for (std::size_t t = 0; t < tiles; ++t) transpose_words<Own>(panel + t * kTileWords);
}

template <class Own>
void pack(const Factor& f, Side side, std::uint32_t* packed, float* scales) {
  constexpr float kSmallest = 1e-30f;  // 127 / most must be a number
  const std::size_t tiles = tiles_of(f.depth, kElementsOfWord);
  for (std::size_t v = 0; v < f.vectors; v += kTileVectors, packed += tiles * kTileWords) {
    const std::size_t there = std::min(kTileVectors, f.vectors - v);
    if (there < kTileVectors) std::fill_n(packed, tiles * kTileWords, 0u);
    for (std::size_t r = 0; r < there; ++r) {
      const float most = largest_magnitude<Own>(f, v + r);
      const float inverse = most >= kSmallest ? 127 / most : 0;
      scales[v + r] = most < kSmallest ? 0 : most / 127;
      float buffer[kTileDepth];
      for (std::size_t t = 0; t < tiles; ++t)
        quantize<Own>(stretch<Own>(f, v + r, t * kTileDepth, buffer), inverse,
                      packed + t * kTileWords + r * kTileRowWords);
    }
    if (side == Side::right) turn_panel<Own>(tiles, packed);
  }
}

template <class Own>
void multiply(std::size_t m, std::size_t n, std::size_t depth, const std::uint32_t* a,
              const float* a_scales, const std::uint32_t* b, const float* b_scales, bool add,
              float* c, std::size_t ld) {
  constexpr std::size_t kCols = 512;  // whose panels stay in the second-level cache
  const std::size_t tiles = tiles_of(depth, kElementsOfWord), stride = tiles * kTileWords;
  alignas(64) std::int32_t sums[kBlock * kBlock] = {};
  for (std::size_t first = 0; first < n; first += kCols)
    for (std::size_t i = 0; i < m; i += kBlock)
      for (std::size_t j = first; j < std::min(n, first + kCols); j += kBlock) {
        const std::size_t rows = std::min(kBlock, m - i), cols = std::min(kBlock, n - j);
        if (tiles > 0)
          Own::sums(tiles, a + i / kTileVectors * stride, b + j / kTileVectors * stride, stride,
                    rows, cols, sums);
        for (std::size_t r = 0; r < rows; ++r) {
          float* to = c + (i + r) * ld + j;
          for (std::size_t k = 0; k < cols; ++k) {
            const float product =
                static_cast<float>(sums[r * kBlock + k]) * (a_scales[i + r] * b_scales[j + k]);
            to[k] = add ? to[k] + product : product;
          }
        }
      }
}

}  // namespace babelgrad::int8
