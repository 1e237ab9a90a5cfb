#include "babelgrad/autograd/products/outer_products.h"

#include <algorithm>
#include <concepts>

#include "babelgrad/autograd/products/gemm.h"

namespace babelgrad {

template <class T>
OuterProducts<T>::OuterProducts(std::size_t m, std::size_t n, std::size_t rows, T* c,
                                std::size_t ld_c)
    : m_(m),
      n_(n),
      ld_c_(ld_c),
      c_(c),
      rounds_(std::same_as<T, float> && rounds_product(m, n, rows)),
      left_(rows) {
  if (!rounds_) return;
  const std::size_t all = (rows + kRowAlignment - 1) / kRowAlignment,
                    most = std::max<std::size_t>(1, std::min(n, kMostKept / m) / kRowAlignment),
                    groups = (all + most - 1) / most;  // of equal size
  group_ = (all + groups - 1) / groups * kRowAlignment;
}

template <class T>
void OuterProducts<T>::add(std::size_t rows, const T* a, std::size_t ld_a, const T* b,
                           std::size_t ld_b) {
  if constexpr (std::same_as<T, float>)
    if (rounds_) return keep(rows, a, ld_a, b, ld_b);
  gemm<T>(Transpose::yes, Transpose::no, m_, n_, rows, 1, a, ld_a, b, ld_b, beta_, c_, ld_c_);
  beta_ = 1;
}

template <class T>
void OuterProducts<T>::keep(std::size_t rows, const T* a, std::size_t ld_a, const T* b,
                            std::size_t ld_b) {
  if constexpr (std::same_as<T, float>) {
    for (std::size_t done = 0; done < rows;) {
      if (!a_) {
        a_.emplace(Precision::bfloat16, m_, group_, Side::left);
        b_.emplace(Precision::bfloat16, n_, group_, Side::right);
      }
      if (kept_ == 0) {
        a_->set_depth(std::min(left_, group_));
        b_->set_depth(std::min(left_, group_));
      }
      const std::size_t part = std::min(rows - done, a_->depth() - kept_);
      a_->pack_depth(kept_, {m_, part, a + done * ld_a, ld_a, false});
      b_->pack_depth(kept_, {n_, part, b + done * ld_b, ld_b, false});
      done += part;
      kept_ += part;
      left_ -= part;
      if (kept_ < a_->depth()) continue;
      multiply_packed(*a_, *b_, beta_, c_, ld_c_);
      beta_ = 1;
      kept_ = 0;
    }
  }
}

template class OuterProducts<float>;
template class OuterProducts<double>;

}  // namespace babelgrad
