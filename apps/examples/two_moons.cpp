// Two moons: a network of two hidden layers learns which of two half circles, hooked into each
// other, a point belongs to.
//
// Run:     build/example_two_moons
// Expect:  at least 99 % of 2,000 new points right after 30 epochs (less than a second), and the
//          plane as the network divides it.
#include <cstdio>
#include <numbers>
#include <string>

#include "babelgrad/nn/data_loader.h"
#include "babelgrad/nn/linear.h"
#include "babelgrad/nn/optimizer.h"
#include "babelgrad/nn/sequential.h"

using namespace babelgrad;

namespace {

struct Points {
  Array<float> x;  // [N, 2]
  IntArray moon;   // [N]
};

// Moon 0 is the upper half of a circle around (0, 0), moon 1 the lower half of one around (1, 0.5);
// both have radius 1.
Points draw(std::size_t count, std::uint64_t key) {
  Random random(key);
  const Array<float> angle = uniform<float>({count}, random, 0, std::numbers::pi_v<float>);
  const Array<float> moon = bernoulli(full<float>({count}, 0.5F), random);
  const Array<float> x = where(moon == 1, 1 - cos(angle), cos(angle));
  const Array<float> y = where(moon == 1, 0.5 - sin(angle), sin(angle));
  return {stack({x, y}, 1) + normal<float>({count, 2}, random, 0, 0.12F), cast<std::int32_t>(moon)};
}

// The plane from (-1.5, 1.5) to (2.5, -1): dots where the network sees moon 1, and points of both.
void show(const Sequential<float>& network, const Points& points) {
  constexpr std::size_t kRows = 22, kColumns = 72;
  constexpr float kLeft = -1.5F, kTop = 1.5F, kWidth = 4, kHeight = 2.5F;
  Array<float> places = zeros<float>({kRows * kColumns, 2});
  for (std::size_t i = 0; i < places.shape()[0]; ++i) {
    places(i, 0) = kLeft + kWidth * (static_cast<float>(i % kColumns) + 0.5F) / kColumns;
    places(i, 1) = kTop - kHeight * (static_cast<float>(i / kColumns) + 0.5F) / kRows;
  }
  const IntArray moon = argmax(network(places), 1);
  std::string picture;
  for (const std::int32_t m : moon) picture += m == 1 ? '.' : ' ';
  for (std::size_t i = 0; i < points.moon.size(); ++i) {
    const float column = (points.x(i, 0) - kLeft) / kWidth * kColumns;
    const float row = (kTop - points.x(i, 1)) / kHeight * kRows;
    if (column >= 0 && column < kColumns && row >= 0 && row < kRows)
      picture[static_cast<std::size_t>(row) * kColumns + static_cast<std::size_t>(column)] =
          points.moon(i) == 1 ? '#' : 'o';
  }
  for (std::size_t i = 0; i < kRows; ++i)
    std::printf("%s\n", picture.substr(i * kColumns, kColumns).c_str());
}

}  // namespace

int main() {
  constexpr std::size_t kHidden = 32;
  ParameterStore<float> store(1);
  const Scope<float> root(store);
  const Sequential<float> network{
      Linear<float>(root / "hidden1", 2, kHidden),       relu<float>,
      Linear<float>(root / "hidden2", kHidden, kHidden), relu<float>,
      Linear<float>(root / "output", kHidden, 2),
  };
  Adam<float> adam(store, {.learning_rate = 0.01});
  const Points points = draw(1000, 1);
  const DataLoader loader({.batch_size = 50}, points.x, points.moon);
  for (std::uint64_t epoch = 1; epoch <= 30; ++epoch) {
    double total = 0;
    for (const auto& [x, moon] : loader.epoch(epoch)) {
      const Tensor<float> loss = cross_entropy(network(x), moon);
      adam.step(store.gradients(loss));
      total += loss.item();
    }
    if (epoch % 10 == 0)
      std::printf("epoch %2d  loss %.4f\n", static_cast<int>(epoch),
                  total / static_cast<double>(loader.batches()));
  }
  const Points test = draw(2000, 2);
  const auto right = static_cast<double>(count(argmax(network(test.x), 1) == test.moon));
  show(network, draw(200, 3));
  std::printf("new points right: %.1f %%\n", 100 * right / 2000);
  return right >= 0.99 * 2000 ? 0 : 1;
}
