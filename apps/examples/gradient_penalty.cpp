// A gradient penalty: a network f is trained to tell two points a distance d = 5 apart, with the
// length of its gradient on the line between them held near 1 by 10 (length - 1)^2 (Gulrajani et
// al. 2017, "Improved training of Wasserstein GANs", arXiv 1704.00028). The best f has slope s all
// along the line, where 5 s - 10 (s - 1)^2 is largest: s = 1.25, so f(b) - f(a) must come out as
// 6.25.
//
// Run:     build/example_gradient_penalty
// Expect:  f(b) - f(a) within 1 % of 6.25 after 2,000 updates (less than a second).
#include <cmath>
#include <cstdio>

#include "babelgrad/autograd/autograd.h"
#include "babelgrad/nn/linear.h"
#include "babelgrad/nn/optimizer.h"
#include "babelgrad/nn/random.h"

using namespace babelgrad;
using D = Tensor<double>;

int main() {
  constexpr std::size_t kBatch = 64, kHidden = 32;
  ParameterStore<double> store(1);
  const Scope<double> scope(store);
  const Linear<double> first(scope / "first", 2, kHidden), second(scope / "second", kHidden, 1);
  const auto f = [&](const D& x) { return second(tanh(first(x))); };
  const D a({1, 2}, {0, 0}), b({1, 2}, {3, 4});

  Adam<double> adam(store);
  Random random(1);
  for (int update = 1; update <= 2000; ++update) {
    Array<double> share = zeros<double>({kBatch, 1});
    for (double& s : share) s = random.uniform();
    const D between((b.value() - a.value()) * share + a.value(), kRequiresGrad);
    const D slopes = gradients(sum(f(between)), {between}, {.create_graph = true})[0];
    const D length = sqrt(sum(square(slopes), 1) + 1e-12);
    const D penalty = mean(square(length - 1));
    const D loss = sum(f(a) - f(b)) + 10 * penalty;
    adam.step(store.gradients(loss), {.learning_rate = 0.01 * std::pow(0.998, update)});
    if (update % 500 == 0)
      std::printf("update %d  f(b) - f(a) %.4f  penalty %.5f\n", update, (f(b) - f(a)).item(),
                  penalty.item());
  }
}
