// LayerNorm over the last axis (Ba et al. 2016), with PyTorch's names.
#pragma once

#include "babelgrad/autograd/ops.h"
#include "babelgrad/nn/parameters.h"

namespace babelgrad {

template <class T>
class LayerNorm {
 public:
  // weight [N] of ones, bias [N] of zeros.
  LayerNorm(const Scope<T>& scope, std::size_t size, T epsilon = T(1e-5))
      : weight_(scope.parameter("weight", {size}, init::ones())),
        bias_(scope.parameter("bias", {size}, init::zeros())),
        epsilon_(epsilon) {}

  // x [..., N] -> [..., N]
  Tensor<T> operator()(const Tensor<T>& x) const { return layer_norm(x, weight_, bias_, epsilon_); }

 private:
  Tensor<T> weight_, bias_;
  T epsilon_;
};

}  // namespace babelgrad
