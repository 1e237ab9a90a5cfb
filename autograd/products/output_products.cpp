#include "babelgrad/autograd/products/output_products.h"

#include <algorithm>

#include "babelgrad/autograd/kernels/bfloat16.h"

namespace babelgrad {
namespace {

// Of so many outputs two hundred rows stay in the second-level cache, as floats and packed twice.
constexpr std::size_t kBlock = 512;

// C [m, n] = A B, or += A B, of parts of packed factors.
void multiply_parts(std::size_t m, std::size_t n, std::size_t depth, const Panels& a,
                    const Panels& b, bool add, float* c, std::size_t ld) {
  detail::count_product(m, n, depth);
  bfloat16::kernels().multiply_panels(m, n, depth, a, b, add, c, ld);
}

}  // namespace

template <class T>
OutputProducts<T>::OutputProducts(std::size_t V, std::size_t K, const T* weight,
                                  std::size_t most_rows, bool backward)
    : V_(V),
      K_(K),
      weight_(weight),
      block_(in_blocks() ? std::min(V, kBlock) : V),
      outputs_(Transpose::yes, K, V, weight, K) {
  if (in_blocks()) x_left_.emplace(Precision::bfloat16, most_rows, K, Side::left);
  if (!backward) return;
  inputs_.emplace(Transpose::no, V, K, weight, K);
  if (!in_blocks()) return;
  x_right_.emplace(Precision::bfloat16, K, most_rows, Side::right);
  dy_left_.emplace(Precision::bfloat16, most_rows, block_, Side::left);
  dy_turned_.emplace(Precision::bfloat16, block_, most_rows, Side::left);
}

template <class T>
void OutputProducts<T>::start(std::size_t rows, const T* x) {
  ++chunks_;
  rows_ = rows;
  x_ = x;
  if constexpr (std::same_as<T, float>) {
    if (x_left_) x_left_->pack_as({rows, K_, x, K_, true});
    if (x_right_) x_right_->pack_as({K_, rows, x, K_, false});
  }
}

template <class T>
void OutputProducts<T>::forward(std::size_t begin, T* y, std::size_t ld) const {
  if constexpr (std::same_as<T, float>)
    if (x_left_)
      return multiply_parts(rows_, std::min(block_, V_ - begin), K_, x_left_->panels(),
                            outputs_.packed()->panels(begin), false, y, ld);
  outputs_.multiply(rows_, x_, K_, 0, y, ld);
}

template <class T>
void OutputProducts<T>::backward(std::size_t begin, const T* dy, std::size_t ld, T* dx,
                                 T* dweight) {
  if constexpr (std::same_as<T, float>)
    if (x_left_) {
      const std::size_t n = std::min(block_, V_ - begin);
      dy_left_->pack_as({rows_, n, dy, ld, true});
      multiply_parts(rows_, K_, n, dy_left_->panels(), inputs_->packed()->panels(0, begin),
                     begin > 0, dx, K_);
      dy_turned_->pack_as({n, rows_, dy, ld, false});
      return multiply_parts(n, K_, rows_, dy_turned_->panels(), x_right_->panels(), chunks_ > 1,
                            dweight + begin * K_, K_);
    }
  inputs_->multiply(rows_, dy, ld, 0, dx, K_);
  gemm<T>(Transpose::yes, Transpose::no, V_, K_, rows_, 1, dy, ld, x_, K_, chunks_ > 1 ? 1 : 0,
          dweight, K_);
}

template class OutputProducts<float>;
template class OutputProducts<double>;

}  // namespace babelgrad
