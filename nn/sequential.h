// Sequential: layers and functions of one tensor, applied in order.
//
//   const Sequential<float> net{Linear<float>(root / "0", 784, 256), relu<float>,
//                               Linear<float>(root / "2", 256, 10)};
#pragma once

#include <concepts>
#include <functional>
#include <vector>

#include "babelgrad/autograd/tensor.h"

namespace babelgrad {

template <class T>
class Sequential {
 public:
  // relu<float>, which is a function of arrays, too, and whatever else makes a tensor of one.
  struct Step {
    Step(Tensor<T> (*function)(const Tensor<T>&)) : apply(function) {}
    template <std::invocable<const Tensor<T>&> F>
    Step(F layer) : apply(std::move(layer)) {}
    // A step takes one tensor: write [&](const auto& x) { return dropout(x, mode); }
    template <class F>
    requires(!std::invocable<F, const Tensor<T>&>) Step(F)
    = delete;
    std::function<Tensor<T>(const Tensor<T>&)> apply;
  };

  Sequential(std::initializer_list<Step> steps) : steps_(steps) {}
  explicit Sequential(std::vector<Step> steps) : steps_(std::move(steps)) {}

  Tensor<T> operator()(Tensor<T> x) const {
    for (const Step& step : steps_) x = step.apply(x);
    return x;
  }

 private:
  std::vector<Step> steps_;
};

}  // namespace babelgrad
