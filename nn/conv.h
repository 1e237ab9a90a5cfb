// Conv1d and Conv2d, with PyTorch's names, shapes and initial values.
#pragma once

#include "babelgrad/nn/linear.h"

namespace babelgrad {

template <class T>
class Conv2d {
 public:
  // weight [out, in, KH, KW], bias [out]; both uniform within (in KH KW)^-1/2.
  Conv2d(const Scope<T>& scope, std::size_t in, std::size_t out, Size2d kernel,
         const ConvOptions& options = {}, Bias bias = Bias::with)
      : options_(options) {
    const std::size_t height = static_cast<std::size_t>(kernel.height),
                      width = static_cast<std::size_t>(kernel.width);
    const Initializer bound =
        init::uniform(1 / std::sqrt(static_cast<double>(in * height * width)));
    weight_ = scope.parameter("weight", {out, in, height, width}, bound);
    if (bias == Bias::with) bias_ = scope.parameter("bias", {out}, bound);
  }

  // x [B, in, H, W] -> [B, out, ...]; see conv2d.
  Tensor<T> operator()(const Tensor<T>& x) const { return conv2d(x, weight_, bias_, options_); }

 private:
  ConvOptions options_;
  Tensor<T> weight_, bias_;
};

template <class T>
class Conv1d {
 public:
  // weight [out, in, K], bias [out]; both uniform within (in K)^-1/2.
  Conv1d(const Scope<T>& scope, std::size_t in, std::size_t out, std::size_t kernel,
         const Conv1dOptions& options = {}, Bias bias = Bias::with)
      : options_(options) {
    const Initializer bound = init::uniform(1 / std::sqrt(static_cast<double>(in * kernel)));
    weight_ = scope.parameter("weight", {out, in, kernel}, bound);
    if (bias == Bias::with) bias_ = scope.parameter("bias", {out}, bound);
  }

  // x [B, in, N] -> [B, out, ...]; see conv1d.
  Tensor<T> operator()(const Tensor<T>& x) const { return conv1d(x, weight_, bias_, options_); }

 private:
  Conv1dOptions options_;
  Tensor<T> weight_, bias_;
};

}  // namespace babelgrad
