#include "babelgrad/autograd/kernels/int8_x86.h"
#if defined(__x86_64__)
#include <immintrin.h>

#include "babelgrad/autograd/kernels/int8_blocks.h"

namespace babelgrad::int8 {
namespace {

// VPMADDUBSW multiplies unsigned bytes by signed ones and adds up pairs in 16 bits, which 127 * 127
// twice fits into: A gives its magnitudes, B takes its signs.
struct Avx2Block {
  // 4 rows and 16 columns at a time in registers.
  static void four_rows(std::size_t tiles, const std::uint32_t* a, const std::uint32_t* b,
                        std::int32_t* sums) {
    const __m256i ones = _mm256_set1_epi16(1);
    __m256i low[4], high[4];
    for (std::size_t r = 0; r < 4; ++r) low[r] = high[r] = _mm256_setzero_si256();
    for (std::size_t t = 0; t < tiles; ++t, a += kTileWords, b += kTileWords)
      for (std::size_t w = 0; w < kTileRowWords; ++w) {
        const auto* from = reinterpret_cast<const __m256i*>(b + w * kTileVectors);
        const __m256i b0 = _mm256_loadu_si256(from), b1 = _mm256_loadu_si256(from + 1);
        for (std::size_t r = 0; r < 4; ++r) {
          const __m256i word = _mm256_set1_epi32(static_cast<int>(a[r * kTileRowWords + w]));
          const __m256i magnitude = _mm256_abs_epi8(word);
          const __m256i p0 = _mm256_maddubs_epi16(magnitude, _mm256_sign_epi8(b0, word));
          const __m256i p1 = _mm256_maddubs_epi16(magnitude, _mm256_sign_epi8(b1, word));
          low[r] = _mm256_add_epi32(low[r], _mm256_madd_epi16(p0, ones));
          high[r] = _mm256_add_epi32(high[r], _mm256_madd_epi16(p1, ones));
        }
      }
    for (std::size_t r = 0; r < 4; ++r) {
      auto* to = reinterpret_cast<__m256i*>(sums + r * kBlock);
      _mm256_storeu_si256(to, low[r]);
      _mm256_storeu_si256(to + 1, high[r]);
    }
  }
  static void sums(std::size_t tiles, const std::uint32_t* a, const std::uint32_t* b,
                   std::size_t stride, std::size_t rows, std::size_t cols, std::int32_t* sums) {
    for (std::size_t j = 0; j < cols; j += kTileVectors)
      for (std::size_t r = 0; r < rows; r += 4)
        four_rows(tiles, a + r / kTileVectors * stride + r % kTileVectors * kTileRowWords,
                  b + j / kTileVectors * stride, sums + r * kBlock + j);
  }
};

}  // namespace

Kernels avx2_kernels() { return {"avx2", &pack<Avx2Block>, &multiply<Avx2Block>}; }

}  // namespace babelgrad::int8
#endif
