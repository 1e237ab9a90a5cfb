// A differential equation solved by a network: u'' = -pi^2 sin(pi x) with u(0) = u(1) = 0, whose
// answer is u = sin(pi x). The loss holds the second derivative of the network with respect to its
// input, and is differentiated again with respect to its weights (Raissi et al. 2019, "Physics-
// informed neural networks", doi 10.1016/j.jcp.2018.10.045).
//
// Run:     build/example_differential_equation
// Expect:  a largest error below 0.01 after 2,000 updates (less than a second).
#include <cmath>
#include <cstdio>
#include <numbers>

#include "babelgrad/autograd/autograd.h"
#include "babelgrad/nn/linear.h"
#include "babelgrad/nn/optimizer.h"

using namespace babelgrad;
using D = Tensor<double>;

int main() {
  constexpr std::size_t kPoints = 64, kHidden = 32;
  constexpr double pi = std::numbers::pi;
  ParameterStore<double> store(1);
  const Scope<double> scope(store);
  const Linear<double> first(scope / "first", 1, kHidden), second(scope / "second", kHidden, 1);
  // x (1 - x) makes the boundary right whatever the network says.
  const auto u = [&](const D& x) { return x * (1 - x) * second(tanh(first(x))); };

  Array<double> points = zeros<double>({kPoints, 1});
  for (std::size_t i = 0; i < kPoints; ++i) points(i, 0) = (static_cast<double>(i) + 0.5) / kPoints;
  const D x(points, kRequiresGrad);
  const D right_side = -pi * pi * sin(pi * x.detach());

  Adam<double> adam(store);
  for (int update = 1; update <= 2000; ++update) {
    const D slope = gradients(sum(u(x)), {x}, {.create_graph = true})[0];
    const D curvature = gradients(sum(slope), {x}, {.create_graph = true})[0];
    const D loss = mean(square(curvature - right_side));
    adam.step(store.gradients(loss), {.learning_rate = 0.01 * std::pow(0.999, update)});
    if (update % 500 == 0) std::printf("update %d  loss %.6f\n", update, loss.item());
  }
  const D error = abs(u(x) - sin(pi * x));
  std::printf("largest error %.5f\n", amax(error).item());
}
