// Embedding: a table of rows, one a word.
#pragma once

#include <cmath>

#include "babelgrad/autograd/ops.h"
#include "babelgrad/nn/parameters.h"

namespace babelgrad {

template <class T>
class Embedding {
 public:
  // weight [V, E], normal with deviation E^-1/2, so that it can serve as a tied output layer, too.
  Embedding(const Scope<T>& scope, std::size_t vocabulary, std::size_t size)
      : weight_(scope.parameter("weight", {vocabulary, size},
                                init::normal(1 / std::sqrt(static_cast<double>(size))))) {}
  explicit Embedding(Tensor<T> weight) : weight_(std::move(weight)) {}

  // indices [...] -> [..., E]
  Tensor<T> operator()(const IntArray& indices) const { return embedding(weight_, indices); }
  const Tensor<T>& weight() const { return weight_; }

 private:
  Tensor<T> weight_;
};

}  // namespace babelgrad
