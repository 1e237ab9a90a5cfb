// One file for both sets of instructions, which share the packing; AMX is used by its own functions
// alone.
#include "babelgrad/autograd/kernels/bfloat16_x86.h"
#if defined(__x86_64__)
#include <immintrin.h>

#include "babelgrad/autograd/kernels/amx_tiles.h"
#include "babelgrad/autograd/kernels/bfloat16_blocks.h"

namespace babelgrad::bfloat16 {
namespace {

__mmask16 up_to(std::size_t lanes) {
  return static_cast<__mmask16>(lanes >= 16 ? 0xffff : (1u << lanes) - 1);
}

// Two vectors of 16 floats as 32 bfloat16: first's, then second's.
__m512i rounded(__m512 first, __m512 second) { return (__m512i)_mm512_cvtne2ps_pbh(second, first); }

// The 16 x 16 words of a tile in registers, from where the vectors are rows: t[vector][pair].
void load_rows(const float* x, std::size_t ld, std::size_t vectors, std::size_t depth, __m512i* t) {
  const __mmask16 low = up_to(depth), high = up_to(depth > 16 ? depth - 16 : 0);
  for (std::size_t r = 0; r < 16; ++r) {
    const __mmask16 there = r < vectors ? 0xffff : 0;
    const float* from = x + (r < vectors ? r * ld : 0);
    t[r] = rounded(_mm512_maskz_loadu_ps(low & there, from),
                   _mm512_maskz_loadu_ps(high & there, from + 16));
  }
}

// From where they are columns: t[pair][vector].
void load_columns(const float* x, std::size_t ld, std::size_t vectors, std::size_t depth,
                  __m512i* t) {
  const __mmask16 there = up_to(vectors);
  const __m512i alternating =
      _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6,
                       21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
  for (std::size_t p = 0; p < 16; ++p) {
    const __mmask16 low = 2 * p < depth ? there : 0, high = 2 * p + 1 < depth ? there : 0;
    const __m512 first = _mm512_maskz_loadu_ps(low, x + (low ? 2 * p * ld : 0));
    const __m512 second = _mm512_maskz_loadu_ps(high, x + (high ? (2 * p + 1) * ld : 0));
    t[p] = _mm512_permutexvar_epi16(alternating, rounded(first, second));
  }
}

// Each round interleaves the first half of the rows with the second; after four the rows are
// columns.
void transpose(__m512i* t) {
  const __m512i low = _mm512_set_epi32(23, 7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
  const __m512i high =
      _mm512_set_epi32(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8);
  __m512i mixed[16];
  for (int round = 0; round < 4; ++round) {
    for (int i = 0; i < 8; ++i) {
      mixed[2 * i] = _mm512_permutex2var_epi32(t[i], low, t[i + 8]);
      mixed[2 * i + 1] = _mm512_permutex2var_epi32(t[i], high, t[i + 8]);
    }
    for (int i = 0; i < 16; ++i) t[i] = mixed[i];
  }
}

void pack(const Factor& f, Side side, std::uint32_t* panel, std::size_t stride) {
  const bool turn = f.vectors_are_rows != (side == Side::left);
  for (std::size_t v = 0; v < f.vectors; v += kTileVectors, panel += stride) {
    std::uint32_t* packed = panel;
    for (std::size_t i = 0; i < f.depth; i += kTileDepth, packed += kTileWords) {
      __m512i t[16];
      if (f.vectors_are_rows)
        load_rows(f.x + v * f.ld + i, f.ld, f.vectors - v, f.depth - i, t);
      else
        load_columns(f.x + i * f.ld + v, f.ld, f.vectors - v, f.depth - i, t);
      if (turn) transpose(t);
      for (std::size_t r = 0; r < 16; ++r) _mm512_storeu_si512(packed + r * 16, t[r]);
    }
  }
}

// 8 rows and 32 columns of C at a time in registers.
struct Avx512Block {
  template <bool kTwo>
  static void rows(std::size_t depth_tiles, const std::uint32_t* a, const std::uint32_t* b,
                   std::size_t stride, bool add, float* c, std::size_t ld) {
    __m512 left[8], right[8];
    for (std::size_t r = 0; r < 8; ++r) {
      left[r] = add ? _mm512_loadu_ps(c + r * ld) : _mm512_setzero_ps();
      if (kTwo) right[r] = add ? _mm512_loadu_ps(c + r * ld + 16) : _mm512_setzero_ps();
    }
    for (std::size_t t = 0; t < depth_tiles; ++t, a += kTileWords, b += kTileWords)
      for (std::size_t p = 0; p < kTileRowWords; ++p) {
        const auto b0 = (__m512bh)_mm512_loadu_si512(b + p * 16);
        const auto b1 = kTwo ? (__m512bh)_mm512_loadu_si512(b + stride + p * 16) : b0;
        for (std::size_t r = 0; r < 8; ++r) {
          const auto pair = (__m512bh)_mm512_set1_epi32(static_cast<int>(a[r * kTileRowWords + p]));
          left[r] = _mm512_dpbf16_ps(left[r], pair, b0);
          if (kTwo) right[r] = _mm512_dpbf16_ps(right[r], pair, b1);
        }
      }
    for (std::size_t r = 0; r < 8; ++r) {
      _mm512_storeu_ps(c + r * ld, left[r]);
      if (kTwo) _mm512_storeu_ps(c + r * ld + 16, right[r]);
    }
  }
  static void multiply(std::size_t depth_tiles, const Panels& a, const Panels& b, bool two_a,
                       bool two_b, bool add, float* c, std::size_t ld) {
    for (std::size_t i = 0; i < (two_a ? 2u : 1u); ++i)
      for (std::size_t half = 0; half < 2; ++half) {
        const std::uint32_t* from = a.words + i * a.stride + half * 8 * kTileRowWords;
        float* to = c + (i * kTileVectors + half * 8) * ld;
        if (two_b)
          rows<true>(depth_tiles, from, b.words, b.stride, add, to, ld);
        else
          rows<false>(depth_tiles, from, b.words, b.stride, add, to, ld);
      }
  }
};

struct AmxBlock {
  template <int i>
  static void products() {
    if constexpr (i == 0) _tile_dpbf16ps(0, 4, 6);
    if constexpr (i == 1) _tile_dpbf16ps(1, 4, 7);
    if constexpr (i == 2) _tile_dpbf16ps(2, 5, 6);
    if constexpr (i == 3) _tile_dpbf16ps(3, 5, 7);
  }
  static void multiply(std::size_t depth_tiles, const Panels& a, const Panels& b, bool two_a,
                       bool two_b, bool add, float* c, std::size_t ld) {
    const std::size_t row = ld * sizeof(float);
    asm volatile("" ::: "memory");  // as in add_products
    if (add) {
      const float* below = c + kTileVectors * ld;
      _tile_loadd(0, c, row);
      if (two_b) _tile_loadd(1, c + kTileVectors, row);
      if (two_a) _tile_loadd(2, below, row);
      if (two_a && two_b) _tile_loadd(3, below + kTileVectors, row);
    } else {
      clear_sums<AmxBlock>();
    }
    add_products<AmxBlock>(depth_tiles, a, b, two_a, two_b);
    store_sums<AmxBlock>(c, row, two_a, two_b);
  }
};

void amx_multiply(std::size_t m, std::size_t n, std::size_t depth, const Panels& a, const Panels& b,
                  bool add, float* c, std::size_t ld) {
  static constexpr TileShapes kShapes;
  _tile_loadconfig(&kShapes);
  multiply_blocks<AmxBlock>(m, n, depth, a, b, add, c, ld);
  _tile_release();
}

}  // namespace

Kernels amx_kernels() { return {"amx", true, &pack, &amx_multiply}; }

Kernels avx512_kernels(bool is_faster) {
  return {"avx512_bf16", is_faster, &pack, &multiply_blocks<Avx512Block>};
}

}  // namespace babelgrad::bfloat16
#endif
