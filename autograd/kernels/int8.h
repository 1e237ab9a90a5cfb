// Products of float matrices in whole numbers of 8 bits, for searches: each vector of a factor is
// scaled by its largest magnitude to -127 ... 127 and rounded to nearest even; the products are
// added up exactly, in 32 bits, and scaled back. The sums are the same on every processor and in
// any order. For finite numbers of ordinary size: a vector with NaN or Inf makes its products NaN
// or Inf, one whose largest magnitude is below 1e-30 is taken for zeros. Where it has instructions
// for them, they are used: AMX's tiles, or AVX-512's VNNI.
#pragma once

#include <span>

#include "babelgrad/autograd/kernels/tiles.h"

namespace babelgrad::int8 {

constexpr std::size_t kElementsOfWord = 4;
constexpr std::size_t packed_words(std::size_t vectors, std::size_t depth) {
  return words_of(vectors, depth, kElementsOfWord);
}
// Of longer vectors a sum could be more than 31 bits.
constexpr std::size_t kMostDepth = std::size_t{1} << 17;

struct Kernels {
  const char* name;
  // The words, and a scale a vector: element = scale * whole number.
  void (*pack)(const Factor& factor, Side side, std::uint32_t* packed, float* scales);
  // C [m, n] = A B, or with `add` C += A B; rows of C are ld elements apart. The bits of an element
  // do not depend on m and n.
  void (*multiply)(std::size_t m, std::size_t n, std::size_t depth, const std::uint32_t* a,
                   const float* a_scales, const std::uint32_t* b, const float* b_scales, bool add,
                   float* c, std::size_t ld);
};

// The words of whole numbers [vectors, depth] that pack() would round no more.
void arrange(std::size_t vectors, std::size_t depth, const std::int8_t* numbers, Side side,
             std::uint32_t* packed);

// Those of this processor: the best, and all, from the best to those of any processor.
const Kernels& kernels();
std::span<const Kernels> available_kernels();

}  // namespace babelgrad::int8
