// OuterProducts: C [m, n] = A^T B, where A [rows, m] and B [rows, n] come a few rows at a time and
// need not stay: the gradient of a weight whose cotangents are made in chunks.
//
//   OuterProducts<float> sum(m, n, rows, c, ld_c);
//   for (each chunk) sum.add(chunk_rows, a, ld_a, b, ld_b);
//
// In float32 each chunk is added by a product of its own, which reads and writes all of C. In
// bfloat16 (modes.h), where products are short beside that, chunks are packed and kept, up to half
// the bytes of C and kMostKept elements of A, and multiplied together.
#pragma once

#include <optional>

#include "babelgrad/autograd/products/packed_factor.h"

namespace babelgrad {

template <class T>
class OuterProducts {
 public:
  static constexpr std::size_t kMostKept = std::size_t{5} << 19;
  // Chunks have a multiple of so many rows, all but the last.
  static constexpr std::size_t kRowAlignment = PackedFactor::kDepthAlignment;

  // C is written without being read; it is complete when all rows have been added.
  OuterProducts(std::size_t m, std::size_t n, std::size_t rows, T* c, std::size_t ld_c);

  void add(std::size_t rows, const T* a, std::size_t ld_a, const T* b, std::size_t ld_b);

 private:
  void keep(std::size_t rows, const T* a, std::size_t ld_a, const T* b, std::size_t ld_b);

  std::size_t m_, n_, ld_c_;
  T* c_;
  bool rounds_;
  std::size_t left_, group_ = 0;       // rows to come; rows to keep
  T beta_ = 0;                         // 1 once C has been written
  std::optional<PackedFactor> a_, b_;  // of the rows kept
  std::size_t kept_ = 0;
};

}  // namespace babelgrad
