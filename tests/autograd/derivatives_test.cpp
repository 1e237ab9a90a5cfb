// Jacobians, Hessians and products with them, against what is known exactly; and what create_graph
// cannot do.
#include <doctest/doctest.h>

#include "babelgrad/autograd/backward.h"
#include "babelgrad/autograd/derivatives.h"
#include "tests/autograd/helpers.h"

namespace babelgrad {
namespace {

using D = Tensor<double>;

TEST_CASE("jacobian and jvp of a linear map are its matrix and its product") {
  const Array<double> a = random_array({3, 2}, 1), x = random_array({2}, 2),
                      v = random_array({2}, 3);
  const auto f = [&](const D& t) { return squeeze(matmul(D(a), unsqueeze(t, 1)), 1); };
  CHECK(max_difference(jacobian(f, x), a) < 1e-15);
  const Array<double> product = matmul(a, v.reshaped({2, 1})).reshaped({3});
  CHECK(max_difference(jvp(f, x, v), product) < 1e-15);
  const Array<double> j = jacobian([](const D& t) { return square(t); }, a);
  CHECK(j.shape() == Shape{3, 2, 3, 2});
  CHECK(std::abs(j(2, 1, 2, 1) - 2 * a(2, 1)) < 1e-15);
  CHECK(j(2, 1, 2, 0) == 0);
}

TEST_CASE("hessian of a quadratic form is its matrix; of Rosenbrock's function, the known one") {
  const Array<double> a({2, 2}, {2, 0.5, 0.5, 3}), x({2}, {0.7, -0.3});
  const auto form = [&](const D& t) {
    return sum(t * squeeze(matmul(D(a), unsqueeze(t, 1)), 1)) / 2;
  };
  CHECK(max_difference(hessian(form, x), a) < 1e-14);
  const auto rosenbrock = [](const D& t) {
    return square(1 - t[0]) + 100 * square(t[1] - square(t[0]));
  };
  const Array<double> expected({2, 2},
                               {2 - 400 * (x(1) - 3 * x(0) * x(0)), -400 * x(0), -400 * x(0), 200});
  CHECK(max_difference(hessian(rosenbrock, x), expected) < 1e-10);
  const Array<double> v({2}, {1, -2});
  CHECK(max_difference(hessian_vector_product(rosenbrock, x, v),
                       matmul(expected, v.reshaped({2, 1})).reshaped({2})) < 1e-10);
}

TEST_CASE("what has no second derivative has zeros") {
  const Array<double> x({2}, {1, 2});
  CHECK(max_difference(hessian([](const D& t) { return sum(t); }, x), zeros<double>({2, 2})) == 0);
  CHECK(max_difference(jacobian(
                           [](const D&) {
                             return D({3}, {1, 2, 3});
                           },
                           x),
                       zeros<double>({3, 2})) == 0);
  CHECK(max_difference(jvp([](const D&) { return D(1.0); }, x, x), zeros<double>({})) == 0);
}

TEST_CASE("derivatives of every order: sin, five times") {
  const D x({}, {0.4}, kRequiresGrad);
  D y = sin(x);
  const double expected[] = {std::cos(0.4), -std::sin(0.4), -std::cos(0.4), std::sin(0.4),
                             std::cos(0.4)};
  for (const double value : expected) {
    y = gradients(y, {x}, {.create_graph = true})[0];
    CHECK(std::abs(y.item() - value) < 1e-15);
  }
  CHECK_FALSE(gradients(y, {x}, {.create_graph = false})[0].requires_grad());
}

TEST_CASE("second derivatives through a whole model, under NoGrad outside, too") {
  const D x = random_leaf({3, 2, 4}, 1), w = random_leaf({9, 4}, 2), u = random_leaf({9, 3}, 3);
  const GruWeights<double> weights{w, u, random_leaf({9}, 4), random_leaf({9}, 5)};
  const D norm = [&] {
    const D states = gru(x, D(), weights, ints({2}, {3, 2}));
    const Attention<double> attended = dot_attention(states, states, states);
    return sum(square(gradients(sum(square(attended.context)), {x}, {.create_graph = true})[0]));
  }();
  CHECK(gradients(norm, {w})[0].shape() == Shape{9, 4});
}

TEST_CASE("errors: what create_graph cannot differentiate says so") {
  D x = random_leaf({2}, 1);
  const D over_arrays =
      record("mine", {x}, x.value(), [](Vjp<double>& c) { c.accumulate(0, c.grad); });
  CHECK(message_of<GraphError>([&] { gradients(sum(over_arrays), {x}, {.create_graph = true}); }) ==
        "gradients: the gradient of mine is over arrays alone, so with create_graph it cannot be "
        "differentiated; record it with a generic function or a definition");
  D hooked = exp(x);
  hooked.register_hook([](const Array<double>&) {});
  CHECK(message_of<GraphError>([&] { gradients(sum(hooked), {x}, {.create_graph = true}); }) ==
        "gradients: the hook on exp takes an array, so with create_graph it cannot be "
        "differentiated");
  CHECK(message_of<ShapeError>([&] { hessian([](const D& t) { return t; }, x.value()); }) ==
        "hessian: need f(x) of one element; got f(x) [2]");
  CHECK(message_of<ShapeError>([&] {
          jvp([](const D& t) { return t; }, x.value(), zeros<double>({3}));
        }) == "jvp: need a direction of x's shape; got x [2], v [3]");
}

}  // namespace
}  // namespace babelgrad
