// One file for both sets of instructions; AMX is used by its own functions alone.
#include "babelgrad/autograd/kernels/int8_x86.h"
#if defined(__x86_64__)
#include <immintrin.h>

#include "babelgrad/autograd/kernels/amx_tiles.h"
#include "babelgrad/autograd/kernels/int8_blocks.h"

namespace babelgrad::int8 {
namespace {

// VPDPBUSD multiplies unsigned bytes by signed ones: those of A are taken 128 too large, and what
// that adds is subtracted.
struct Avx512Block {
  // 8 rows and 16 or 32 columns at a time in registers.
  template <bool kTwo>
  static void eight_rows(std::size_t tiles, const std::uint32_t* a, const std::uint32_t* b,
                         std::size_t stride, std::int32_t* sums) {
    const __m512i excess = _mm512_set1_epi32(static_cast<int>(0x80808080));
    __m512i left[8], right[8], left_excess = _mm512_setzero_si512(), right_excess = left_excess;
    for (std::size_t r = 0; r < 8; ++r) left[r] = right[r] = left_excess;
    for (std::size_t t = 0; t < tiles; ++t, a += kTileWords, b += kTileWords)
      for (std::size_t w = 0; w < kTileRowWords; ++w) {
        const __m512i b0 = _mm512_loadu_si512(b + w * 16);
        const __m512i b1 = kTwo ? _mm512_loadu_si512(b + stride + w * 16) : b0;
        left_excess = _mm512_dpbusd_epi32(left_excess, excess, b0);
        if (kTwo) right_excess = _mm512_dpbusd_epi32(right_excess, excess, b1);
        for (std::size_t r = 0; r < 8; ++r) {
          const std::uint32_t word = a[r * kTileRowWords + w] ^ 0x80808080;
          const __m512i both = _mm512_set1_epi32(static_cast<int>(word));
          left[r] = _mm512_dpbusd_epi32(left[r], both, b0);
          if (kTwo) right[r] = _mm512_dpbusd_epi32(right[r], both, b1);
        }
      }
    for (std::size_t r = 0; r < 8; ++r) {
      _mm512_storeu_si512(sums + r * kBlock, _mm512_sub_epi32(left[r], left_excess));
      if (kTwo)
        _mm512_storeu_si512(sums + r * kBlock + 16, _mm512_sub_epi32(right[r], right_excess));
    }
  }
  static void sums(std::size_t tiles, const std::uint32_t* a, const std::uint32_t* b,
                   std::size_t stride, std::size_t rows, std::size_t cols, std::int32_t* sums) {
    for (std::size_t r = 0; r < rows; r += 8) {
      const std::uint32_t* from = a + r / kTileVectors * stride + r % kTileVectors * kTileRowWords;
      if (cols > kTileVectors)
        eight_rows<true>(tiles, from, b, stride, sums + r * kBlock);
      else
        eight_rows<false>(tiles, from, b, stride, sums + r * kBlock);
    }
  }
};

struct AmxBlock {
  template <int i>
  static void products() {
    if constexpr (i == 0) _tile_dpbssd(0, 4, 6);
    if constexpr (i == 1) _tile_dpbssd(1, 4, 7);
    if constexpr (i == 2) _tile_dpbssd(2, 5, 6);
    if constexpr (i == 3) _tile_dpbssd(3, 5, 7);
  }
  static void sums(std::size_t tiles, const std::uint32_t* a, const std::uint32_t* b,
                   std::size_t stride, std::size_t rows, std::size_t cols, std::int32_t* sums) {
    const bool two_a = rows > kTileVectors, two_b = cols > kTileVectors;
    clear_sums<AmxBlock>();
    add_products<AmxBlock>(tiles, {a, stride}, {b, stride}, two_a, two_b);
    store_sums<AmxBlock>(sums, kBlock * sizeof(std::int32_t), two_a, two_b);
  }
};

void amx_multiply(std::size_t m, std::size_t n, std::size_t depth, const std::uint32_t* a,
                  const float* a_scales, const std::uint32_t* b, const float* b_scales, bool add,
                  float* c, std::size_t ld) {
  static constexpr TileShapes kShapes;
  _tile_loadconfig(&kShapes);
  multiply<AmxBlock>(m, n, depth, a, a_scales, b, b_scales, add, c, ld);
  _tile_release();
}

}  // namespace

Kernels amx_kernels() { return {"amx", &pack<AmxBlock>, &amx_multiply}; }

Kernels avx512_kernels() { return {"avx512_vnni", &pack<Avx512Block>, &multiply<Avx512Block>}; }

}  // namespace babelgrad::int8
#endif
