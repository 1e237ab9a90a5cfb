// Products of float matrices whose elements are rounded to bfloat16 (the upper half of a float), to
// nearest even, multiplied exactly and added up in float. Where the processor has instructions for
// it, in them: AMX's tiles, or AVX-512's BF16; elsewhere in float, rounded alike.
//
// Both factors are packed first. A factor is so many vectors of `depth` elements each, along which
// the product sums: the rows of the left one, the columns of the right one. They are cut into tiles
// of 16 vectors and 32 elements, filled up with zeros. Two elements that follow each other (a pair)
// make one word of 32 bits, and a tile is 16 x 16 words: of the left factor [vector][pair], of the
// right one [pair][vector]. The tiles of 16 vectors stand one after the other, along the depth.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace babelgrad::bfloat16 {

constexpr std::size_t kVectors = 16, kPairs = 16, kDepth = 2 * kPairs;  // of a tile
constexpr std::size_t kTileWords = kVectors * kPairs;

constexpr std::size_t tiles(std::size_t depth) { return (depth + kDepth - 1) / kDepth; }
constexpr std::size_t packed_words(std::size_t vectors, std::size_t depth) {
  return (vectors + kVectors - 1) / kVectors * tiles(depth) * kTileWords;
}

enum class Side { left, right };

// A factor in memory. Element i of vector v is x[v * ld + i] where the vectors are rows there, and
// x[i * ld + v] where they are columns.
struct Factor {
  std::size_t vectors, depth;
  const float* x;
  std::size_t ld;
  bool vectors_are_rows;
};

struct Kernels {
  const char* name;
  bool is_faster;  // than products of floats on this processor
  void (*pack)(const Factor& factor, Side side, std::uint32_t* packed);
  // C [m, n] = A B, or with `add` C += A B; rows of C are ld elements apart. The bits of an element
  // do not depend on m and n.
  void (*multiply)(std::size_t m, std::size_t n, std::size_t depth, const std::uint32_t* a,
                   const std::uint32_t* b, bool add, float* c, std::size_t ld);
};

// Those of this processor: the best, and all, from the best to those of any processor.
const Kernels& kernels();
std::span<const Kernels> available_kernels();

}  // namespace babelgrad::bfloat16
