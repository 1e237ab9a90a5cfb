// PackedFactor: a matrix rounded to bfloat16 and arranged for its products
// (kernels/bfloat16.h). Threads may share it once it is packed.
#pragma once

#include "babelgrad/autograd/kernels/bfloat16.h"

namespace babelgrad {

class PackedFactor {
 public:
  PackedFactor(const bfloat16::Factor& factor, bfloat16::Side side);
  // Of these extents, for pack() to fill.
  PackedFactor(std::size_t vectors, std::size_t depth, bfloat16::Side side);
  ~PackedFactor();
  PackedFactor(const PackedFactor&) = delete;
  PackedFactor& operator=(const PackedFactor&) = delete;

  void pack(const bfloat16::Factor& factor);  // of its extents

  std::size_t vectors() const { return vectors_; }
  std::size_t depth() const { return depth_; }
  const std::uint32_t* words() const { return words_; }

 private:
  std::size_t vectors_, depth_;
  bfloat16::Side side_;
  std::uint32_t* words_;
};

// C [m, n] = A B + beta C. With beta = 0, C is written without being read.
void multiply_packed(const PackedFactor& a, const PackedFactor& b, float beta, float* c,
                     std::size_t ld_c);

}  // namespace babelgrad
