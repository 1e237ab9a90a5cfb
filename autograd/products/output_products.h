// OutputProducts: the products of an output layer y = x W^T and of its gradients, for a chunk of
// rows of x at a time; in bfloat16 (modes.h) for a block of outputs at a time, too, so that what is
// made of y meanwhile stays in the cache.
//
//   OutputProducts<float> products(V, K, weight, most_rows, true);
//   for (each chunk of rows) {
//     products.start(rows, x);
//     for (begin = 0; begin < V; begin += products.block())
//       products.forward(begin, y + begin, ld);
//     ...
//       products.backward(begin, dy + begin, ld, dx, dweight);
//   }
#pragma once

#include <concepts>
#include <optional>

#include "babelgrad/autograd/products/packed_matrix.h"

namespace babelgrad {

template <class T>
class OutputProducts {
 public:
  // Whether products are made in blocks now; then all chunks but the last must have a multiple of
  // kAlignment rows.
  static bool in_blocks() {
    return std::same_as<T, float> && thread_modes().matmul == Precision::bfloat16;
  }
  static constexpr std::size_t kAlignment = PackedFactor::kDepthAlignment;

  // weight [V, K]. backward: whether there will be one.
  OutputProducts(std::size_t V, std::size_t K, const T* weight, std::size_t most_rows,
                 bool backward);

  std::size_t block() const { return block_; }  // outputs; V where they are not made in blocks

  // The next rows of x: [rows, K].
  void start(std::size_t rows, const T* x);
  // y [rows, n] of the n = block() outputs from `begin` on, or of those that are left.
  void forward(std::size_t begin, T* y, std::size_t ld) const;
  // Of their dy: adds to dx [rows, K], or writes it with the first block; adds to its rows of
  // dweight [V, K], or writes them with the first chunk.
  void backward(std::size_t begin, const T* dy, std::size_t ld, T* dx, T* dweight);

 private:
  std::size_t V_, K_;
  const T* weight_;
  std::size_t block_, chunks_ = 0, rows_ = 0;
  const T* x_ = nullptr;
  PackedMatrix<T> outputs_;
  std::optional<PackedMatrix<T>> inputs_;  // for the gradient of x
  // In blocks: x and dy, for either product.
  std::optional<PackedFactor> x_left_, x_right_, dy_left_, dy_turned_;
};

}  // namespace babelgrad
