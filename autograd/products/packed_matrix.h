// PackedMatrix: a weight that serves many products, made ready once. On CBLAS there is nothing to
// prepare, so it refers to the caller's elements, which must outlive it unchanged; an engine that
// packs its operands does so here, and no caller changes.
#pragma once

#include "babelgrad/autograd/products/gemm.h"

namespace babelgrad {

template <class T>
class PackedMatrix {
 public:
  // The right factor B [k, n] of products C = A B; `weight` is B itself, rows of ld elements, or,
  // with Transpose::yes, B^T [n, k], as PyTorch's [out, in] weights are.
  PackedMatrix(Transpose transpose, std::size_t k, std::size_t n, const T* weight, std::size_t ld)
      : transpose_(transpose), k_(k), n_(n), weight_(weight), ld_(ld) {}

  // C [m, n] = A [m, k] B + beta C. With beta = 0, C is written without being read.
  void multiply(std::size_t m, const T* a, std::size_t ld_a, T beta, T* c, std::size_t ld_c) const {
    gemm<T>(Transpose::no, transpose_, m, n_, k_, 1, a, ld_a, weight_, ld_, beta, c, ld_c);
  }

 private:
  Transpose transpose_;
  std::size_t k_, n_;
  const T* weight_;
  std::size_t ld_;
};

}  // namespace babelgrad
