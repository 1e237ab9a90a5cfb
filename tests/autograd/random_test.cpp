// Random numbers and arrays: functions of their key, with the right distributions. Keys are fixed;
// the bounds on sample statistics are about five standard deviations wide.
#include "babelgrad/autograd/random.h"

#include <doctest/doctest.h>

#include <limits>
#include <set>

#include "tests/autograd/helpers.h"

namespace babelgrad {
namespace {

TEST_CASE("random: a stream is a function of its key, with the right moments") {
  Random a(9), b(9), c(10);
  Array<double> values = zeros<double>({20000}), normals = zeros<double>({20000});
  for (std::size_t i = 0; i < 20000; ++i) {
    values(i) = a.uniform();
    CHECK(values(i) == b.uniform());
    CHECK(values(i) != c.uniform());
    normals(i) = b.normal();
    a.normal();
    c.normal();
  }
  CHECK(amin(values)() >= 0);
  CHECK(amax(values)() < 1);
  CHECK(std::abs(mean(values)() - 0.5) < 0.01);
  CHECK(std::abs(mean(square(values - 0.5))() - 1.0 / 12) < 0.003);
  CHECK(std::abs(mean(normals)()) < 0.035);
  CHECK(std::abs(mean(square(normals))() - 1) < 0.05);
}

TEST_CASE("random: below is even over its range") {
  Random random(1);
  std::vector<std::size_t> counts(7);
  for (std::size_t i = 0; i < 70000; ++i) ++counts.at(random.below(7));
  for (const std::size_t count : counts) CHECK(std::abs(static_cast<double>(count) - 10000) < 470);
  CHECK(random.below(1) == 0);
}

TEST_CASE("random: keys differ by name, order and number") {
  std::set<std::uint64_t> keys;
  for (std::uint64_t i = 0; i < 60; ++i)
    for (std::uint64_t j = 0; j < 60; ++j) keys.insert(combine_keys(i, j));
  for (const char* name : {"", "a", "b", "ab", "ba", "encoder.gru", "decoder.gru"})
    keys.insert(fnv1a(name));
  CHECK(keys.size() == 3607);
}

TEST_CASE("uniform, normal: the stream's numbers, scaled") {
  Random a(3), b(3), c(4);
  const Array<double> x = uniform<double>({100, 100}, a, -1, 3);
  CHECK(x(0, 0) == -1 + 4 * b.uniform());
  CHECK_FALSE(equal(x, uniform<double>({100, 100}, c, -1, 3)));
  CHECK(std::abs(mean(x)() - 1) < 0.06);
  for (const double v : x) CHECK((v >= -1 && v < 3));
  const Array<double> y = normal<double>({100, 100}, a, 2, 0.5);
  CHECK(std::abs(mean(y)() - 2) < 0.025);
  CHECK(std::abs(mean(square(y - 2))() - 0.25) < 0.018);
}

TEST_CASE("bernoulli: 0 or 1, as often as told") {
  Random random(5);
  const Array<float> drawn = bernoulli(full<float>({100, 100}, 0.3f), random);
  for (const float v : drawn) CHECK((v == 0 || v == 1));
  CHECK(std::abs(mean(drawn)() - 0.3f) < 0.023f);
  CHECK(equal(bernoulli(Array<float>({2}, {0, 1}), random), Array<float>({2}, {0, 1})));
  CHECK(message_of<ShapeError>([&] { bernoulli(full<float>({1}, 1.5f), random); }) ==
        "bernoulli: need probabilities in [0, 1]; got 1.500000");
}

TEST_CASE("categorical: an index a row, in proportion to the weights") {
  Random random(6);
  const Array<double> weights = broadcast_to(Array<double>({4}, {1, 0, 3, 0}), {10000, 4});
  std::vector<double> counts(4);
  for (const std::int32_t index : categorical(weights, random)) ++counts.at(index);
  CHECK(std::abs(counts[0] - 2500) < 220);
  CHECK(counts[0] + counts[2] == 10000);
  CHECK(categorical(Tensor<double>(full<double>({2, 3, 1}, 1)), random).shape() == Shape{2, 3});
  CHECK(categorical(full<double>({2, 3, 1}, 1), random).shape() == Shape{2, 3});
  const std::string rule =
      "categorical: need finite weights, none negative and one of them positive";
  for (const double bad : {0.0, -1.0, std::numeric_limits<double>::infinity(),
                           std::numeric_limits<double>::quiet_NaN()})
    CHECK(message_of<ShapeError>([&] {
            categorical(Array<double>({2}, {0, bad}), random);
          }) == rule);
  CHECK(message_of<ShapeError>([&] {
          categorical(zeros<double>({2, 0}), random);
        }) == "categorical: need weights [..., C] with C >= 1; got weights [2, 0]");
}

}  // namespace
}  // namespace babelgrad
