// Regression: fits a two-layer network to y = sin(3x) with the autograd library and Adam.
//
// Run:     build/example_regression
// Expect:  a mean squared error below 0.0005 after 2,000 steps (about a second).
#include <cmath>
#include <cstdio>

#include "babelgrad/autograd/ops.h"
#include "babelgrad/nn/linear.h"
#include "babelgrad/nn/optimizer.h"

using namespace babelgrad;

int main() {
  constexpr std::size_t kPoints = 256, kHidden = 32, kSteps = 2000;

  Array<float> x = zeros<float>({kPoints, 1}), y = zeros<float>({kPoints, 1});
  for (std::size_t i = 0; i < kPoints; ++i) {
    x(i, 0) = -1 + 2 * static_cast<float>(i) / (kPoints - 1);
    y(i, 0) = std::sin(3 * x(i, 0));
  }
  const Tensor<float> inputs(x), targets(y);

  ParameterStore<float> store(1);
  const Scope<float> root(store);
  const Linear<float> hidden(root / "hidden", 1, kHidden);
  const Linear<float> output(root / "output", kHidden, 1);
  Adam<float> adam(store);

  float error = 0;
  for (std::size_t step = 1; step <= kSteps; ++step) {
    const Tensor<float> difference = output(tanh(hidden(inputs))) - targets;
    const Tensor<float> loss = mean(difference * difference);
    error = loss.item();
    adam.step(store.gradients(loss), {.learning_rate = 0.01});
    if (step % 400 == 0) std::printf("step %5zu  mean squared error %.6f\n", step, error);
  }
  return error < 0.0005f ? 0 : 1;
}
