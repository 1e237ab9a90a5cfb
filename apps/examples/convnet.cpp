// A convolutional network that tells shapes apart: pictures of 16 x 16 points, drawn as they are
// needed, show a circle, a square, a triangle or a cross of any size at any place, under noise.
//
// Run:     build/example_convnet
// Expect:  at least 95 % of 512 new pictures right after 600 updates (a few seconds).
#include <cmath>
#include <cstdio>

#include "babelgrad/nn/conv.h"
#include "babelgrad/nn/optimizer.h"
#include "babelgrad/nn/sequential.h"

using namespace babelgrad;

namespace {

constexpr std::size_t kSide = 16, kKinds = 4;

struct Pictures {
  Tensor<float> x;  // [B, 1, kSide, kSide]
  IntArray kind;    // [B]
};

// Whether a shape of radius r around (0, 0) covers the point (x, y).
bool covers(std::size_t kind, double x, double y, double r) {
  const double ax = std::abs(x), ay = std::abs(y);
  switch (kind) {
    case 0:
      return x * x + y * y <= r * r;
    case 1:
      return ax <= 0.9 * r && ay <= 0.9 * r;
    case 2:
      return ay <= r && 2 * ax <= r + y;
    default:
      return (ax <= r / 3 && ay <= r) || (ay <= r / 3 && ax <= r);
  }
}

Pictures draw(std::size_t batch, Random& random) {
  Array<float> x = zeros<float>({batch, 1, kSide, kSide});
  IntArray kinds = zeros<std::int32_t>({batch});
  for (std::size_t b = 0; b < batch; ++b) {
    const std::size_t kind = random.below(kKinds);
    kinds(b) = static_cast<std::int32_t>(kind);
    const double r = 3 + 2.5 * random.uniform();
    const auto place = [&] { return r + (kSide - 1 - 2 * r) * random.uniform(); };
    const double middle_x = place(), middle_y = place();
    for (std::size_t i = 0; i < kSide; ++i)
      for (std::size_t j = 0; j < kSide; ++j)
        x(b, 0, i, j) = static_cast<float>(
            covers(kind, static_cast<double>(j) - middle_x, static_cast<double>(i) - middle_y, r) +
            0.2 * random.normal());
  }
  return {Tensor<float>(std::move(x)), std::move(kinds)};
}

}  // namespace

int main() {
  ParameterStore<float> store(1);
  const Scope<float> root(store);
  const auto halve = [](const Tensor<float>& x) { return max_pool2d(x, 2); };
  const Sequential<float> network{
      Conv2d<float>(root / "conv1", 1, 8, 3, {.padding = 1}),  // [B, 8, 16, 16]
      relu<float>,
      halve,                                                    // [B, 8, 8, 8]
      Conv2d<float>(root / "conv2", 8, 16, 3, {.padding = 1}),  // [B, 16, 8, 8]
      relu<float>,
      halve,  // [B, 16, 4, 4]
      [](const Tensor<float>& x) { return flatten(x, 1); },
      Linear<float>(root / "output", 16 * 4 * 4, kKinds),
  };
  Adam<float> adam(store);
  Random random(7);
  for (int update = 1; update <= 600; ++update) {
    const Pictures pictures = draw(64, random);
    const Tensor<float> loss = cross_entropy(network(pictures.x), pictures.kind);
    adam.step(store.gradients(loss), {.learning_rate = 0.01});
    if (update % 150 == 0) std::printf("update %4d  loss %.4f\n", update, loss.item());
  }
  const Pictures test = draw(512, random);
  const auto right = static_cast<double>(count(argmax(network(test.x), 1) == test.kind));
  std::printf("pictures right: %.1f %%\n", 100 * right / 512);
  return right >= 0.95 * 512 ? 0 : 1;
}
