// PackedMatrix: a weight that serves many products, made ready once. In float32 there is nothing to
// prepare (CBLAS packs for itself), so it refers to the caller's elements, which must outlive it
// unchanged; in bfloat16 (modes.h) it holds them packed, for products of any number of rows, and in
// int8, if they are of a parameter that is shared.
#pragma once

#include <concepts>
#include <optional>

#include "babelgrad/autograd/modes.h"
#include "babelgrad/autograd/products/gemm.h"
#include "babelgrad/autograd/products/packed_weights.h"

namespace babelgrad {

template <class T>
class PackedMatrix {
 public:
  // The right factor B [k, n] of products C = A B; `weight` is B itself, rows of ld elements, or,
  // with Transpose::yes, B^T [n, k], as PyTorch's [out, in] weights are.
  PackedMatrix(Transpose transpose, std::size_t k, std::size_t n, const T* weight, std::size_t ld)
      : transpose_(transpose), k_(k), n_(n), weight_(weight), ld_(ld) {
    if constexpr (std::same_as<T, float>)
      if (rounds_factors()) pack({n, k, weight, ld, transpose == Transpose::yes});
  }

  PackedMatrix(const PackedMatrix&) = delete;
  PackedMatrix& operator=(const PackedMatrix&) = delete;

  // Null: its products are in float32.
  const PackedFactor* packed() const { return packed_; }

  // C [m, n] = A [m, k] B + beta C. With beta = 0, C is written without being read.
  void multiply(std::size_t m, const T* a, std::size_t ld_a, T beta, T* c, std::size_t ld_c) const {
    if constexpr (std::same_as<T, float>)
      if (packed_ != nullptr) {
        const PackedFactor left(packed_->precision(), {m, k_, a, ld_a, true}, Side::left);
        return multiply_packed(left, *packed_, beta, c, ld_c);
      }
    gemm<T>(Transpose::no, transpose_, m, n_, k_, 1, a, ld_a, weight_, ld_, beta, c, ld_c);
  }

 private:
  void pack(const Factor& factor) {
    packed_ = find_packed_weight(factor);
    if (packed_ == nullptr && thread_modes().matmul == Precision::bfloat16)
      packed_ = &own_.emplace(Precision::bfloat16, factor, Side::right);
  }

  Transpose transpose_;
  std::size_t k_, n_;
  const T* weight_;
  std::size_t ld_;
  const PackedFactor* packed_ = nullptr;
  std::optional<PackedFactor> own_;  // where it is nobody else's
};

}  // namespace babelgrad
