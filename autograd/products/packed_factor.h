// PackedFactor: a matrix rounded to bfloat16 or to 8 bits and arranged for its products
// (kernels/bfloat16.h, kernels/int8.h). Threads may share it once it is packed.
#pragma once

#include "babelgrad/autograd/kernels/tiles.h"
#include "babelgrad/autograd/modes.h"
#include "babelgrad/autograd/products/quantized.h"

namespace babelgrad {

class PackedFactor {
 public:
  PackedFactor(Precision precision, const Factor& factor, Side side);
  // Of vectors that are rounded to 8 bits already.
  PackedFactor(const QuantizedView& rows, Side side);
  // Some vectors of `whole`, from number `begin` on (a multiple of kTileVectors), in its memory.
  PackedFactor(const PackedFactor& whole, std::size_t begin, std::size_t vectors);
  // Of these extents, for pack() to fill.
  PackedFactor(Precision precision, std::size_t vectors, std::size_t depth, Side side);
  ~PackedFactor();
  PackedFactor(const PackedFactor&) = delete;
  PackedFactor& operator=(const PackedFactor&) = delete;

  void pack(const Factor& factor) { pack(0, factor); }  // of its extents
  // Whole vectors from number `begin` on, a multiple of kTileVectors.
  void pack(std::size_t begin, const Factor& vectors);
  // Another factor of its side, for which there is room.
  void pack_as(const Factor& factor);

  Precision precision() const { return precision_; }
  std::size_t vectors() const { return vectors_; }
  std::size_t depth() const { return depth_; }
  const std::uint32_t* words() const { return words_; }
  // bfloat16: from a vector and an element of each on; multiples of kTileVectors, kDepthAlignment.
  Panels panels(std::size_t vector = 0, std::size_t element = 0) const;
  static constexpr std::size_t kDepthAlignment = 32;
  // int8: of each vector.
  const float* scales() const { return scales_; }

 private:
  Precision precision_;
  std::size_t vectors_, depth_;
  Side side_;
  std::uint32_t* words_;
  float* scales_;      // behind the words
  std::size_t bytes_;  // of both; 0: another one's
};

// C [m, n] = A B + beta C, of factors of one precision. With beta = 0, C is written without being
// read.
void multiply_packed(const PackedFactor& a, const PackedFactor& b, float beta, float* c,
                     std::size_t ld_c);

}  // namespace babelgrad
