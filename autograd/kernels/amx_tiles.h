// What the kernels with AMX share, to be compiled with its instructions: tiles 0 to 3 hold 32 x 32
// sums, 4 and 5 the panels of A, 6 and 7 those of B; all of 16 rows of 64 bytes. Own is a type of
// the .cpp file's own (bfloat16_blocks.h); Own::products<i>() adds to tile i the product of panel
// i / 2 of A and i % 2 of B.
#pragma once

#include <immintrin.h>

#include "babelgrad/autograd/kernels/tiles.h"

namespace babelgrad {

struct alignas(64) TileShapes {
  std::uint8_t palette = 1, start_row = 0, reserved[14] = {};
  std::uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  std::uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};

template <class Own>
void clear_sums() {
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
}

// Adds the products of so many tiles of one or two panels of each factor.
template <class Own>
void add_products(std::size_t tiles, const Panels& left, const Panels& right, bool two_a,
                  bool two_b) {
  const std::uint32_t *a = left.words, *b = right.words;
  asm volatile("" ::: "memory");  // GCC 12 does not know that _tile_loadd reads memory
  for (std::size_t t = 0; t < tiles; ++t, a += kTileWords, b += kTileWords) {
    _tile_loadd(4, a, 64);
    _tile_loadd(6, b, 64);
    Own::template products<0>();
    if (two_b) {
      _tile_loadd(7, b + right.stride, 64);
      Own::template products<1>();
    }
    if (two_a) {
      _tile_loadd(5, a + left.stride, 64);
      Own::template products<2>();
      if (two_b) Own::template products<3>();
    }
  }
}

// To rows that begin `row` bytes apart, elements of 4 bytes.
template <class Own, class T>
void store_sums(T* c, std::size_t row, bool two_a, bool two_b) {
  T* below = c + kTileVectors * row / sizeof(T);
  _tile_stored(0, c, row);
  if (two_b) _tile_stored(1, c + kTileVectors, row);
  if (two_a) _tile_stored(2, below, row);
  if (two_a && two_b) _tile_stored(3, below + kTileVectors, row);
  asm volatile("" ::: "memory");
}

}  // namespace babelgrad
