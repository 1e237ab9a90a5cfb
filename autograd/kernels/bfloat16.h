// Products of float matrices whose elements are rounded to bfloat16 (the upper half of a float), to
// nearest even, multiplied exactly and added up in float. Where the processor has instructions for
// it, in them: AMX's tiles, or AVX-512's BF16; elsewhere in float, rounded alike.
#pragma once

#include <span>

#include "babelgrad/autograd/kernels/tiles.h"

namespace babelgrad::bfloat16 {

constexpr std::size_t kElementsOfWord = 2;
constexpr std::size_t packed_words(std::size_t vectors, std::size_t depth) {
  return words_of(vectors, depth, kElementsOfWord);
}
// Of 16 vectors.
constexpr std::size_t panel_words(std::size_t depth) { return packed_words(kTileVectors, depth); }

struct Kernels {
  const char* name;
  bool is_faster;  // than products of floats on this processor
  // Into panels that begin `stride` words apart: a part of the depth of a larger factor, or all.
  void (*pack_panels)(const Factor& factor, Side side, std::uint32_t* packed, std::size_t stride);
  void pack(const Factor& factor, Side side, std::uint32_t* packed) const {
    pack_panels(factor, side, packed, panel_words(factor.depth));
  }
  // C [m, n] = A B, or with `add` C += A B; rows of C are ld elements apart. The bits of an element
  // do not depend on m and n.
  void (*multiply_panels)(std::size_t m, std::size_t n, std::size_t depth, const Panels& a,
                          const Panels& b, bool add, float* c, std::size_t ld);
  void multiply(std::size_t m, std::size_t n, std::size_t depth, const std::uint32_t* a,
                const std::uint32_t* b, bool add, float* c, std::size_t ld) const {
    const std::size_t stride = panel_words(depth);
    multiply_panels(m, n, depth, {a, stride}, {b, stride}, add, c, ld);
  }
};

// n floats rounded, and as floats again.
void round(std::size_t n, const float* x, std::uint16_t* to);
void widen(std::size_t n, const std::uint16_t* x, float* to);

// Those of this processor: the best, and all, from the best to those of any processor.
const Kernels& kernels();
std::span<const Kernels> available_kernels();

}  // namespace babelgrad::bfloat16
