// The matrix products of one training update, and nothing else: the bound that bench/train_step
// holds an update against.
//
// The list is what an ideal implementation of the model has to multiply, not what ours happens to:
//   - GRU: the input side of all steps in one product, one product with W_hh a step and direction,
//     either way, and each weight gradient of all steps in one product. A zero initial state is not
//     multiplied, and a gradient that nobody asks for (of that state, of the word ids) neither.
//   - attention beside the recurrence (luong): for each sentence all its steps at once.
//   - attention inside the recurrence (bahdanau): what depends on the step before stays per step
//     (query, context, the context's part of the GRU's input, and their gradients); the words' part
//     of the input and every weight gradient are one product over all steps.
//   - input feeding: attention beside the recurrence; readout, scores and contexts, the readout's
//     part of the GRU's input and their gradients a step, all weight gradients over all steps.
//   - local_p: beside the recurrence, and the layer over all states that predicts the positions.
//   - output layer: one product forward and two backward over all target tokens.
// Arrays have the sizes, row lengths and sharing (in place where the real run is) of a real update;
// the sums over sources (v . tanh(q + k) of the additive score) are no products and not counted.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "babelgrad/autograd/tensor.h"

namespace babelgrad::bench {

enum class AttentionPlace { beside_recurrence, inside_recurrence };  // luong, bahdanau
enum class Extra { none, input_feeding, local_p };                   // of one beside

// Encoder: bidirectional, H a direction. Decoder, attention and readout: H.
struct ModelShape {
  AttentionPlace attention = AttentionPlace::beside_recurrence;
  std::size_t embedding = 0, hidden = 0, vocabulary = 0;
  std::size_t batch = 0, source_length = 0, target_length = 0;
  Extra extra = Extra::none;
};

// A matrix inside an array; transpose last, after taking ranges.
struct Matrix {
  float* data = nullptr;
  std::size_t rows = 0, cols = 0, ld = 0;
  bool transposed = false;

  Matrix t() const { return {data, cols, rows, ld, !transposed}; }
  Matrix row_range(std::size_t begin, std::size_t count) const {
    return {data + begin * ld, count, cols, ld};
  }
  Matrix col_range(std::size_t begin, std::size_t count) const {
    return {data + begin, rows, count, ld};
  }
  // Of a time-major [T, B, F] seen as [T * B, F]: one sentence's [T, F].
  Matrix sentence(std::size_t b, std::size_t batch) const {
    return {data + b * ld, rows / batch, cols, batch * ld};
  }
};

// Arrays by name, filled with small values.
class Arrays {
 public:
  Matrix matrix(const std::string& name, std::size_t rows, std::size_t cols);
  std::vector<Tensor<float>> tensors() const;

 private:
  std::map<std::string, Tensor<float>> arrays_;
};

struct Product {
  Matrix c, a, b;  // c = a b + beta c
  float beta = 0;
};

void run_products(const std::vector<Product>& products);
double flops(const std::vector<Product>& products);  // 2 m n k each

class Products {
 public:
  // The products of a shard of shape.batch sentences. weights: shared by all shards; outlives this.
  Products(const ModelShape& shape, Arrays& weights);

  void run() const { run_products(products_); }
  double flops() const { return bench::flops(products_); }
  std::size_t calls() const { return products_.size(); }

 private:
  friend class ProductList;

  Arrays arrays_;
  std::vector<Product> products_;
};

}  // namespace babelgrad::bench
