// Values at the edges: NaN and infinities, powers of 0, ties, sizes of 0.
#include <doctest/doctest.h>

#include <cmath>

#include <limits>

#include "babelgrad/autograd/backward.h"
#include "tests/autograd/helpers.h"

namespace babelgrad {
namespace {

using D = Tensor<double>;

// Long enough for whole vectors and a rest.
constexpr std::size_t kCount = 19;

TEST_CASE_TEMPLATE("NaN comes through every elementwise op and reduction, wherever it stands", T,
                   float, double) {
  for (const std::size_t at : {0, 3, 17, 18}) {
    INFO("NaN at ", at);
    Array<T> values = random_array<T>({kCount}, 1, 0.5, 1.5);
    values.data()[at] = std::numeric_limits<T>::quiet_NaN();
    const Tensor<T> x(values);
    const std::vector<Tensor<T>> results{neg(x),
                                         mul(x, 2),
                                         add(x, 1),
                                         exp(x),
                                         log(x),
                                         sqrt(x),
                                         pow(x, 2),
                                         pow(x, T(0.5)),
                                         abs(x),
                                         clamp(x, T(0.8), 1),
                                         tanh(x),
                                         sigmoid(x),
                                         relu(x),
                                         square(x),
                                         reciprocal(x),
                                         expm1(x),
                                         log1p(x),
                                         sin(x),
                                         cos(x),
                                         erf(x),
                                         minimum(x, Tensor<T>(1)),
                                         maximum(Tensor<T>(0), x)};
    for (const Tensor<T>& y : results) {
      INFO(y.op());
      for (std::size_t i = 0; i < kCount; ++i) CHECK(std::isnan(y.value().data()[i]) == (i == at));
    }
    for (const Tensor<T>& y : {sum(x), mean(x), amax(x), amin(x), logsumexp(x)}) {
      INFO(y.op());
      CHECK(std::isnan(y.item()));
    }
    for (const Tensor<T>& y : {softmax(x, -1), log_softmax(x, -1)}) {
      INFO(y.op());
      for (std::size_t i = 0; i < kCount; ++i) CHECK(std::isnan(y.value().data()[i]));
    }
    CHECK(std::isnan(cross_entropy(x, ints({}, {2})).item()));
  }
}

TEST_CASE_TEMPLATE("pow is std::pow, at 0 and below, too, and so is its derivative", T, float,
                   double) {
  for (const T base : {T(0), T(-2), T(3), T(-0.5)})
    for (const T exponent : {T(-1), T(0), T(1), T(2), T(3)}) {
      INFO(base, " to the power of ", exponent);
      const Tensor<T> x(full<T>({kCount}, base), kRequiresGrad), y = pow(x, exponent);
      const Array<T> g = gradients(sum(y), {x})[0];
      const T slope = exponent == 0 ? 0 : exponent * std::pow(base, exponent - 1);
      for (std::size_t i = 0; i < kCount; ++i) {
        CHECK(y.value().data()[i] == std::pow(base, exponent));
        CHECK(g.data()[i] == slope);
      }
    }
}

TEST_CASE("gradients at kinks are those that ops.h states") {
  const D x({3}, {-1, 0, 2}, kRequiresGrad);
  const auto slope = [&](const D& y) { return gradients(sum(y), {x})[0]; };
  const auto are = [](const Array<double>& g, std::vector<double> expected) {
    return max_difference(g, Array<double>({expected.size()}, expected)) == 0;
  };
  CHECK(are(slope(abs(x)), {-1, 0, 1}));
  CHECK(are(slope(relu(x)), {0, 0, 1}));
  CHECK(are(slope(clamp(x, -1, 0)), {1, 1, 0}));
  CHECK(are(slope(clamp(x, 0, 0)), {0, 1, 0}));
  const D ties({4}, {2, 1, 2, 2}, kRequiresGrad);
  CHECK(are(gradients(amax(ties), {ties})[0], {1.0 / 3, 0, 1.0 / 3, 1.0 / 3}));
}

TEST_CASE("softmax and log_softmax of a masked row, and of extreme logits") {
  const Mask mask = nonzero(ints({2, 3}, {0, 0, 0, 1, 0, 1}));
  const D x({2, 3}, {1, 2, 3, 1000, 5, -1000});
  const double lowest = std::numeric_limits<double>::lowest();
  CHECK(max_difference(softmax(x, -1, mask).value(),
                       Array<double>({2, 3}, std::vector<double>{0, 0, 0, 1, 0, 0})) == 0);
  const Array<double> log_p = log_softmax(x, -1, mask).value();
  for (const std::size_t i : {0, 1, 2, 4}) CHECK(log_p.data()[i] == lowest);
  CHECK(log_p.data()[3] == 0);
  CHECK(log_p.data()[5] == -2000);
  CHECK(logsumexp(D({2}, {1000, 1000})).item() == 1000 + std::log(2.0));
  const double inf = std::numeric_limits<double>::infinity();
  CHECK(logsumexp(D({2}, {-inf, -inf})).item() == -inf);
  CHECK(logsumexp(D({2}, {-inf, 3})).item() == 3);
}

TEST_CASE("sizes of 0 are sizes like any other") {
  const D none(zeros<double>({0, 3}), kRequiresGrad), thin(zeros<double>({4, 0}), kRequiresGrad);
  CHECK(exp(none).shape() == Shape{0, 3});
  CHECK(sum(none).item() == 0);
  CHECK(max_difference(sum(none, 0).value(), zeros<double>({3})) == 0);
  CHECK(cat({none, random_leaf({2, 3}, 1)}, 0).shape() == Shape{2, 3});
  CHECK(slice(random_leaf({2, 3}, 1), 1, 2, 2).shape() == Shape{2, 0});
  CHECK(embedding(random_leaf({2, 3}, 1), ints({0}, {})).shape() == Shape{0, 3});
  const D weight(zeros<double>({3, 0}), kRequiresGrad), bias({3}, {1, 2, 3}, kRequiresGrad);
  const D y = linear(thin, weight, bias);  // nothing to add up: the bias
  CHECK(max_difference(y.value(), broadcast_to(bias, {4, 3}).value()) == 0);
  CHECK(max_difference(linear(thin, weight).value(), zeros<double>({4, 3})) == 0);
  CHECK(max_difference(matmul(thin, weight, {.b = true}).value(), zeros<double>({4, 3})) == 0);
  const auto g = gradients(sum(y), {thin, weight, bias});
  CHECK(g[0].shape() == Shape{4, 0});
  CHECK(max_difference(g[2], full<double>({3}, 4)) == 0);
  const D no_rows = linear(none, random_leaf({2, 3}, 1));
  CHECK(no_rows.shape() == Shape{0, 2});
  CHECK(linear_cross_entropy(none, random_leaf({5, 3}, 1), D(), ints({0}, {})).item() == 0);
}

TEST_CASE("softmax: a row of equal, very low numbers is uniform at every length") {
  for (const float low : {std::numeric_limits<float>::lowest(), -2e38f, -1e30f})
    for (std::size_t n = 1; n <= 33; ++n) {
      INFO(low, " n ", n);
      const Tensor<float> x(full<float>({n}, low));
      const float share = 1 / static_cast<float>(n);
      for (std::size_t i = 0; i < n; ++i) {
        CHECK(std::abs(softmax(x, -1).value()(i) - share) < 1e-6f);
        CHECK(std::abs(log_softmax(x, -1).value()(i) - std::log(share)) < 1e-5f);
      }
    }
}

TEST_CASE("softmax: what is masked weighs nothing, whatever stands beside it") {
  Mask mask = full_mask({16}, false);
  mask.data()[3] = 1;
  Tensor<float> x(full<float>({16}, 1e38f));
  x.mutable_value()(3) = std::numeric_limits<float>::lowest();
  for (std::size_t i = 0; i < 16; ++i)
    CHECK(softmax(x, -1, mask).value()(i) == (i == 3 ? 1.0f : 0.0f));
}

}  // namespace
}  // namespace babelgrad
