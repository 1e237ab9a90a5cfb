// PackedFactor: a matrix rounded to bfloat16 or to 8 bits and arranged for its products
// (kernels/bfloat16.h, kernels/int8.h). Threads may share it once it is packed.
#pragma once

#include "babelgrad/autograd/kernels/tiles.h"
#include "babelgrad/autograd/modes.h"

namespace babelgrad {

class PackedFactor {
 public:
  PackedFactor(Precision precision, const Factor& factor, Side side);
  // Of these extents, for pack() to fill.
  PackedFactor(Precision precision, std::size_t vectors, std::size_t depth, Side side);
  ~PackedFactor();
  PackedFactor(const PackedFactor&) = delete;
  PackedFactor& operator=(const PackedFactor&) = delete;

  void pack(const Factor& factor) { pack(0, factor); }  // of its extents
  // Whole vectors from number `begin` on, a multiple of kTileVectors.
  void pack(std::size_t begin, const Factor& vectors);
  // bfloat16: of all its vectors the elements from `begin` on, a multiple of kDepthAlignment.
  void pack_depth(std::size_t begin, const Factor& part);
  // bfloat16: vectors of another length, at most that of construction; their elements are to be
  // packed again.
  void set_depth(std::size_t depth) { depth_ = depth; }
  static constexpr std::size_t kDepthAlignment = 32;

  Precision precision() const { return precision_; }
  std::size_t vectors() const { return vectors_; }
  std::size_t depth() const { return depth_; }
  const std::uint32_t* words() const { return words_; }
  // int8: of each vector.
  const float* scales() const { return scales_; }

 private:
  Precision precision_;
  std::size_t vectors_, depth_;
  Side side_;
  std::uint32_t* words_;
  float* scales_;      // behind the words
  std::size_t bytes_;  // of both
};

// C [m, n] = A B + beta C, of factors of one precision. With beta = 0, C is written without being
// read.
void multiply_packed(const PackedFactor& a, const PackedFactor& b, float beta, float* c,
                     std::size_t ld_c);

}  // namespace babelgrad
