// Linear: x weight^T + bias, with PyTorch's names, shapes and initial values.
#pragma once

#include <cmath>
#include <concepts>

#include "babelgrad/autograd/ops.h"
#include "babelgrad/nn/parameters.h"

namespace babelgrad {

enum class Bias { with, without };

template <class T>
class Linear {
 public:
  // weight [out, in], bias [out]; both uniform within in^-1/2.
  Linear(const Scope<T>& scope, std::size_t in, std::size_t out, Bias bias = Bias::with)
      : weight_(scope.parameter("weight", {out, in}, bound(in))) {
    if (bias == Bias::with) bias_ = scope.parameter("bias", {out}, bound(in));
  }
  template <std::integral In, std::integral Out>
  Linear(In, Out) = delete;  // parameters live in a store: Linear(scope / "name", in, out)
  // A layer over given tensors, e.g. a tied weight; bias may be undefined.
  Linear(Tensor<T> weight, Tensor<T> bias) : weight_(std::move(weight)), bias_(std::move(bias)) {}

  // x [..., in] -> [..., out]
  Tensor<T> operator()(const Tensor<T>& x) const { return linear(x, weight_, bias_); }
  const Tensor<T>& weight() const { return weight_; }
  const Tensor<T>& bias() const { return bias_; }  // undefined without a bias

 private:
  static Initializer bound(std::size_t in) {
    return init::uniform(1 / std::sqrt(static_cast<double>(in)));
  }

  Tensor<T> weight_, bias_;
};

}  // namespace babelgrad
