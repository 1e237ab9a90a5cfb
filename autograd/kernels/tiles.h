// How factors of low-precision products are arranged (bfloat16.h, int8.h). A factor is so many
// vectors of `depth` elements each, along which the product sums: the rows of the left one, the
// columns of the right one. They are cut into tiles of 16 vectors and of as many elements as 16
// words of 32 bits hold, filled up with zeros; a word holds elements that follow each other. A tile
// of the left factor is [vector][word], of the right one [word][vector]. The tiles of 16 vectors
// stand one after the other, along the depth.
#pragma once

#include <cstddef>
#include <cstdint>

namespace babelgrad {

constexpr std::size_t kTileVectors = 16, kTileRowWords = 16;
constexpr std::size_t kTileWords = kTileVectors * kTileRowWords;

enum class Side { left, right };

// A factor in memory. Element i of vector v is x[v * ld + i] where the vectors are rows there, and
// x[i * ld + v] where they are columns.
struct Factor {
  std::size_t vectors, depth;
  const float* x;
  std::size_t ld;
  bool vectors_are_rows;
};

// A packed factor, or a part of one: where its first panel of 16 vectors begins, and how many words
// further on the next.
struct Panels {
  const std::uint32_t* words;
  std::size_t stride;
};

// Words that a factor takes with so many elements in one.
constexpr std::size_t tiles_of(std::size_t depth, std::size_t elements_of_word) {
  const std::size_t elements = kTileRowWords * elements_of_word;
  return (depth + elements - 1) / elements;
}
constexpr std::size_t words_of(std::size_t vectors, std::size_t depth,
                               std::size_t elements_of_word) {
  return (vectors + kTileVectors - 1) / kTileVectors * tiles_of(depth, elements_of_word) *
         kTileWords;
}

}  // namespace babelgrad
