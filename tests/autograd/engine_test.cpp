// The engine: order of visits, accumulation, what is recorded and what is kept.
#include <doctest/doctest.h>

#include <ctime>

#include "babelgrad/autograd/backward.h"
#include "babelgrad/autograd/inspection/gradcheck.h"
#include "tests/autograd/helpers.h"
#include "tests/autograd/model.h"

namespace babelgrad {
namespace {

using D = Tensor<double>;
using Inputs = std::vector<D>;

// Builds, differentiates and frees three chains of `count` nodes; the processor's time in seconds.
double run_chains(std::size_t count) {
  const std::clock_t start = std::clock();
  const std::size_t before = live_array_bytes();
  {
    const D x({}, {0.5}, kRequiresGrad);
    D y = x;
    for (std::size_t i = 0; i < count; ++i) y = add(y, 1);
    CHECK(y.item() == 0.5 + static_cast<double>(count));
    CHECK(gradients(y, {x})[0].data()[0] == 1);

    D undifferentiated = x;  // freed without a backward pass
    for (std::size_t i = 0; i < count; ++i) undifferentiated = add(undifferentiated, 1);
    D kept = x;  // freed after one that kept it
    for (std::size_t i = 0; i < count; ++i) kept = add(kept, x);
    CHECK(gradients(kept, {x}, {.retain_graph = true})[0].data()[0] ==
          static_cast<double>(count) + 1);
  }
  CHECK(live_array_bytes() == before);
  return static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
}

TEST_CASE("a chain of a million nodes is built, differentiated and freed, in linear time") {
  const double tenth = run_chains(100000), whole = run_chains(1000000);
  CHECK(whole < 40 * tenth);  // 10 times as many nodes; 100 times the time if it were quadratic
}

TEST_CASE("a diamond graph: each node is visited once, its gradient complete") {
  const D x({2}, {0.3, -0.7}, kRequiresGrad);
  std::size_t visits = 0;
  D a = tanh(x);
  a.register_hook([&](const Array<double>&) {
    ++visits;
    return std::nullopt;
  });
  const D left = exp(a), right = mul(a, a), deep = mul(sigmoid(left), right);
  const D loss = sum(add(add(left, right), add(deep, a)));
  const auto fn = [](const Inputs& in) {
    const D t = tanh(in[0]), l = exp(t), r = mul(t, t);
    return add(add(l, r), add(mul(sigmoid(l), r), t));
  };
  CHECK_NOTHROW(gradcheck(fn, {x}));
  gradients(loss, {x});
  CHECK(visits == 1);

  D doubling = x;  // 2^60 paths
  for (int i = 0; i < 60; ++i) doubling = add(doubling, doubling);
  CHECK(gradients(sum(doubling), {x})[0].data()[0] == std::ldexp(1.0, 60));
}

TEST_CASE("gradients: in the order asked, zeros where there is no path, of inner tensors, too") {
  const D a = random_leaf({2}, 1), b = random_leaf({3}, 2), constant = random_leaf({4}, 3).detach();
  const D inner = exp(a), loss = sum(mul(inner, a));
  const auto g = gradients(loss, {b, inner, constant, a, loss}, {.allow_unused = true});
  CHECK(max_difference(g[0], zeros<double>({3})) == 0);
  CHECK(max_difference(g[1], a.value()) == 0);
  CHECK(max_difference(g[2], zeros<double>({4})) == 0);
  CHECK(max_difference(g[3], add(inner, mul(inner, a)).value()) < 1e-15);
  CHECK(g[4].data()[0] == 1);
  CHECK(gradients(sum(a), Inputs{}).empty());
}

TEST_CASE("gradients touches no .grad(), backward adds to it, zero_grad clears it") {
  D x = random_leaf({3}, 1), y = random_leaf({3}, 2);
  gradients(sum(mul(x, y)), {x, y});
  CHECK_FALSE(x.has_grad());
  sum(mul(x, y)).backward();
  sum(mul(x, y)).backward();
  CHECK(max_difference(x.grad(), mul(y, 2).value()) == 0);
  gradients(sum(mul(x, y)), {x});
  CHECK(max_difference(x.grad(), mul(y, 2).value()) == 0);
  x.zero_grad();
  CHECK_FALSE(x.has_grad());
  CHECK(y.has_grad());
  const Array<double> cotangent = random_array({3}, 9);
  exp(x).backward(cotangent);
  CHECK(max_difference(x.grad(), mul(exp(x), D(cotangent)).value()) < 1e-15);
  D leaf({}, {2}, kRequiresGrad);
  leaf.backward();  // a leaf that is the loss
  CHECK(leaf.grad().data()[0] == 1);
}

TEST_CASE("retain_grad keeps the gradient of an inner tensor") {
  D x = random_leaf({3}, 1), y = exp(x), z = mul(y, y);
  y.retain_grad();
  sum(z).backward();
  CHECK(max_difference(y.grad(), mul(y, 2).value()) < 1e-15);
  CHECK_FALSE(z.has_grad());
  CHECK(max_difference(x.grad(), mul(z, 2).value()) < 1e-14);
}

TEST_CASE("retain_graph: backward twice doubles the gradients") {
  SmallModel<double> model;
  const D loss = model.loss_of_batch(1);
  const auto once = gradients(loss, model.parameters(), {.retain_graph = true});
  loss.backward(BackwardOptions{.retain_graph = true});
  loss.backward();
  const std::vector<D> parameters = model.parameters();
  for (std::size_t i = 0; i < parameters.size(); ++i)
    CHECK(max_difference(parameters[i].grad(), once[i] * 2) == 0);
}

TEST_CASE("hooks observe and replace gradients, of leaves and of inner tensors, in order") {
  D x = random_leaf({2}, 1), y = exp(x);
  std::vector<std::string> calls;
  Array<double> seen;
  y.register_hook([&](const Array<double>& g) -> std::optional<Array<double>> {
    calls.push_back("y, first");
    return Array<double>(3.0 * g);
  });
  y.register_hook([&](const Array<double>& g) {
    calls.push_back("y, second");
    seen = g;
    return std::nullopt;
  });
  x.register_hook([&](const Array<double>& g) -> std::optional<Array<double>> {
    calls.push_back("x");
    return Array<double>(g + 1.0);
  });
  const auto g = gradients(sum(y), {x, y});
  CHECK(calls == std::vector<std::string>{"y, first", "y, second", "x"});
  CHECK(max_difference(seen, full<double>({2}, 3)) == 0);
  CHECK(max_difference(g[1], full<double>({2}, 3)) == 0);
  CHECK(max_difference(g[0], (exp(x) * 3 + 1).value()) < 1e-15);
  sum(mul(x, x)).backward();
  CHECK(max_difference(x.grad(), (mul(x, 2) + 1).value()) < 1e-15);
}

TEST_CASE("detach, NoGrad and EnableGrad") {
  const D x = random_leaf({2}, 1);
  const D y = exp(x).detach();
  CHECK_FALSE(y.requires_grad());
  CHECK(y.is_leaf());
  CHECK(max_difference(gradients(sum(mul(x, y)), {x})[0], y.value()) == 0);
  CHECK(grad_enabled());
  {
    const NoGrad no_grad;
    CHECK_FALSE(grad_enabled());
    CHECK_FALSE(exp(x).requires_grad());
    {
      const EnableGrad enable;
      CHECK(exp(x).requires_grad());
      const NoGrad inner;
      CHECK_FALSE(exp(x).requires_grad());
    }
    CHECK_FALSE(exp(x).requires_grad());
  }
  CHECK(exp(x).requires_grad());
  CHECK_FALSE(exp(x.detach()).requires_grad());
}

TEST_CASE("a model used twice: gradients through shared weights add up") {
  const SmallModel<double> model;
  const std::vector<D> parameters = model.parameters();
  const auto first = gradients(model.loss_of_batch(1), parameters);
  const auto second = gradients(model.loss_of_batch(2), parameters);
  const D both = add(model.loss_of_batch(1) * 0.25, model.loss_of_batch(2));
  const auto got = gradients(both, parameters);
  for (std::size_t i = 0; i < parameters.size(); ++i)
    CHECK(max_difference(got[i], Array<double>(0.25 * first[i] + second[i])) < 1e-13);

  const Shape square{3, 3};  // and one whose output feeds itself: x w w
  const auto twice = [](const Inputs& in) { return matmul(tanh(matmul(in[0], in[1])), in[1]); };
  CHECK_NOTHROW(gradcheck(twice, {random_leaf(square, 5), random_leaf(square, 6)}));
}

TEST_CASE("checkpoint gives the gradients of the function that it wraps") {
  const SmallModel<double> model;
  const std::vector<D> parameters = model.parameters();
  const auto layer = [](const Inputs& in) {
    return gru<double>(in[0], {}, {in[1], in[2], in[3], in[4]});
  };
  const D x = random_leaf({5, 2, SmallModel<double>::E}, 3);
  const GruWeights<double>& w = model.forward;
  const Inputs inputs{x, w.weight_ih, w.weight_hh, w.bias_ih, w.bias_hh};
  const Array<double> cotangent = random_array({5, 2, SmallModel<double>::H}, 4);
  const auto plain = gradients(layer(inputs), cotangent, inputs);
  const D wrapped = checkpoint(layer, inputs);
  CHECK(max_difference(gradients(wrapped, cotangent, inputs, {.retain_graph = true}), plain) == 0);
  const NoGrad no_grad;  // gradients may be asked for where nothing is recorded
  CHECK(max_difference(gradients(wrapped, cotangent, inputs), plain) == 0);
}

}  // namespace
}  // namespace babelgrad
