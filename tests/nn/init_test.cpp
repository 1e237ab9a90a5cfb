// Initial values of parameters. Seeds are fixed; the bounds on sample
// statistics are about five standard deviations wide.
#include <doctest/doctest.h>

#include <cmath>

#include "babelgrad/nn/init.h"
#include "tests/autograd/helpers.h"

namespace babelgrad {
namespace {

struct Statistics {
  double mean = 0, variance = 0, least = 1e300, most = -1e300;
};

template <class Range>
Statistics statistics(const Range& values) {
  Statistics s;
  const double n = static_cast<double>(std::distance(values.begin(), values.end()));
  for (const double v : values) {
    s.mean += v / n;
    s.least = std::min(s.least, v);
    s.most = std::max(s.most, v);
  }
  for (const double v : values) s.variance += (v - s.mean) * (v - s.mean) / n;
  return s;
}

Array<double> made(const Initializer& initializer, const Shape& shape, std::uint64_t key = 1) {
  Random random(key);
  return initializer.make<double>(shape, random);
}

TEST_CASE("init: constants, uniform and normal values are distributed as they say") {
  CHECK(max_difference(made(init::zeros(), {3}), zeros<double>({3})) == 0);
  CHECK(max_difference(made(init::ones(), {3}), full<double>({3}, 1)) == 0);
  CHECK(max_difference(made(init::constant(-2.5), {3}), full<double>({3}, -2.5)) == 0);
  const Statistics u = statistics(made(init::uniform(0.2), {100, 200}));
  CHECK(u.least >= -0.2);
  CHECK(u.most < 0.2);
  CHECK(u.most - u.least > 0.399);
  CHECK(std::abs(u.mean) < 0.004);
  CHECK(std::abs(u.variance - 0.04 / 3) < 0.0005);
  const Statistics n = statistics(made(init::normal(3), {100, 200}));
  CHECK(std::abs(n.mean) < 0.1);
  CHECK(std::abs(n.variance - 9) < 0.45);
  CHECK(n.most > 9);
  const Statistics xavier = statistics(made(init::xavier_uniform({50, 100}), {50, 100}));
  CHECK(std::abs(xavier.most - 0.2) < 0.001);
  CHECK(xavier.most < 0.2);
  CHECK(std::abs(statistics(made(init::kaiming_normal({50, 200}), {50, 200})).variance - 0.01) <
        0.0008);
}

// The largest |row_i . row_j - (i == j) * square| over the rows from `begin` to `end`.
double distance_from_orthogonal(const Array<double>& m, std::size_t begin, std::size_t end,
                                double square) {
  const std::size_t cols = m.shape()[1];
  double worst = 0;
  for (std::size_t i = begin; i < end; ++i)
    for (std::size_t j = begin; j < end; ++j) {
      double dot = 0;
      for (std::size_t c = 0; c < cols; ++c) dot += m.data()[i * cols + c] * m.data()[j * cols + c];
      worst = std::max(worst, std::abs(dot - (i == j ? square : 0)));
    }
  return worst;
}

TEST_CASE("init: orthogonal matrices have orthonormal rows, block by block") {
  CHECK(distance_from_orthogonal(made(init::orthogonal(), {20, 20}), 0, 20, 1) < 1e-14);
  CHECK(distance_from_orthogonal(made(init::orthogonal(2), {5, 30}), 0, 5, 4) < 1e-14);
  const Array<double> gates = made(init::orthogonal(), {3 * 16, 16});
  for (std::size_t gate = 0; gate < 3; ++gate)
    CHECK(distance_from_orthogonal(gates, 16 * gate, 16 * gate + 16, 1) < 1e-14);
  CHECK(distance_from_orthogonal(made(init::orthogonal(), {1, 1}), 0, 1, 1) < 1e-15);
}

TEST_CASE("init: float values are the double ones, rounded") {
  for (const Initializer& initializer :
       {init::uniform(1), init::normal(1), init::orthogonal(), init::constant(0.1)}) {
    Random random(5);
    const Array<float> single = initializer.make<float>({6, 6}, random);
    CHECK(max_difference(single, converted<float>(made(initializer, {6, 6}, 5))) == 0);
  }
}

}  // namespace
}  // namespace babelgrad
