// The exact messages of the engine: graphs that cannot be differentiated, hooks, checkpoints,
// custom ops, anomaly mode and gradcheck.
#include <doctest/doctest.h>

#include "babelgrad/autograd/backward.h"
#include "babelgrad/autograd/inspection/gradcheck.h"
#include "babelgrad/autograd/vjp.h"
#include "tests/autograd/helpers.h"

namespace babelgrad {
namespace {

using D = Tensor<double>;
using Inputs = std::vector<D>;

TEST_CASE("errors: undefined tensors") {
  const std::string message = "tensor: used before it was given a value";
  const D x = random_leaf({2}, 1);
  CHECK(message_of<GraphError>([] { D().value(); }) == message);
  CHECK(message_of<GraphError>([] { D().shape(); }) == message);
  CHECK(message_of<GraphError>([] { D().backward(); }) == message);
  CHECK(message_of<GraphError>([&] { add(x, D()); }) == message);
  CHECK(message_of<GraphError>([&] { matmul(D(), x); }) == message);
  CHECK(message_of<GraphError>([&] { gradients(sum(x), {x, D()}); }) == message);
  CHECK(message_of<GraphError>([] { gru(random_leaf({1, 1, 1}, 1), {}, {}); }) == message);
}

TEST_CASE("errors: a history is freed also where its vector-Jacobian product throws") {
  const GruWeights<double> w{random_leaf({6, 2}, 1), random_leaf({6, 2}, 2), random_leaf({6}, 3),
                             random_leaf({6}, 4)};
  const D states = gru(random_leaf({2, 1, 2}, 5), D(), w);
  const Array<double> bad = full<double>({2, 1, 2}, std::numeric_limits<double>::quiet_NaN());
  {
    const DetectAnomaly detect;
    CHECK_THROWS_AS(gradients(states, bad, {w.weight_ih}), NumericError);
  }
  CHECK(message_of<GraphError>([&] { gradients(states, bad, {w.weight_ih}); }) ==
        "backward: the history of gru was freed by an earlier backward pass; give that one "
        "retain_graph");
}

TEST_CASE("errors: gradients by rows that do not fit their table") {
  const D table = random_leaf({4, 3}, 1);
  const auto add_rows = [&](const IntArray& indices, const Shape& values) {
    const D y = record<double>("custom", {table}, scalar(0.0), [=](Vjp<double>& c) {
      c.accumulate_rows(0, indices, zeros<double>(values));
    });
    return [=] { gradients(y, {table}); };
  };
  CHECK(message_of<ShapeError>(add_rows(ints({2}, {1, 4}), {2, 3})) ==
        "backward of custom: need rows in [0, 4); got 1 to 4");
  CHECK(message_of<ShapeError>(add_rows(ints({1}, {-1}), {1, 3})) ==
        "backward of custom: need rows in [0, 4); got -1 to -1");
  CHECK(message_of<ShapeError>(add_rows(ints({2}, {1, 2}), {2, 5})) ==
        "backward of custom: need values of [indices, E] for a table [V, E]; got table [4, 3], "
        "indices [2], values [2, 5]");
}

TEST_CASE("errors: a second backward pass through a freed history") {
  const D x = random_leaf({3}, 1);
  const D middle = exp(x), loss = sum(middle);
  loss.backward(BackwardOptions{.retain_graph = true});
  loss.backward();
  CHECK(max_difference(x.grad(), mul(middle, 2).value()) < 1e-15);
  const std::string freed = " was freed by an earlier backward pass; give that one retain_graph";
  CHECK(message_of<GraphError>([&] { loss.backward(); }) == "backward: the history of sum" + freed);
  CHECK(message_of<GraphError>([&] { sum(tanh(middle)).backward(); }) ==
        "backward: the history of exp" + freed);
  CHECK(message_of<GraphError>([&] { gradients(sum(middle), Inputs{x}); }) ==
        "backward: the history of exp" + freed);
}

TEST_CASE("errors: what backward and gradients cannot start from") {
  const D x = random_leaf({2, 3}, 1), constant = x.detach();
  const std::string no_history =
      "backward: the result does not depend on a tensor that requires a gradient";
  CHECK(message_of<ShapeError>([&] { exp(x).backward(); }) ==
        "backward: need a loss of one element; got loss [2, 3]");
  CHECK(message_of<ShapeError>([&] { gradients(exp(x), Inputs{x}); }) ==
        "gradients: need a loss of one element; got loss [2, 3]");
  CHECK(message_of<ShapeError>([&] {
          exp(x).backward(zeros<double>({3, 2}));
        }) ==
        "backward: need a cotangent of the output's shape; got output [2, 3], cotangent [3, 2]");
  CHECK(message_of<ShapeError>([&] { gradients(exp(x), zeros<double>({6}), Inputs{x}); }) ==
        "backward: need a cotangent of the output's shape; got output [2, 3], cotangent [6]");
  CHECK(message_of<GraphError>([&] { sum(constant).backward(); }) == no_history);
  CHECK(message_of<GraphError>([&] { gradients(sum(constant), Inputs{x}); }) == no_history);
  CHECK(message_of<GraphError>([&] {
          gradients(sum(x), Inputs{x, x});
        }) == "gradients: leaf 1 is given twice");
}

TEST_CASE("errors: gradients, hooks and values where there can be none") {
  D x = random_leaf({2}, 1), constant = x.detach(), y = exp(x);
  CHECK(message_of<GraphError>([&] { x.grad(); }) ==
        "grad: none has come to this leaf; need backward() of a loss that depends on it");
  x.set_name("w");
  CHECK(message_of<GraphError>([&] { x.grad(); }) ==
        "grad: none has come to leaf w; need backward() of a loss that depends on it");
  CHECK(message_of<GraphError>([&] { constant.grad(); }) ==
        "grad: this leaf does not require a gradient; need kRequiresGrad");
  sum(y).backward();
  CHECK(message_of<GraphError>([&] { y.grad(); }) ==
        "grad: the result of exp has none; need retain_grad() before backward()");
  CHECK(message_of<GraphError>([&] { constant.retain_grad(); }) ==
        "retain_grad: need a tensor that requires a gradient");
  CHECK(message_of<GraphError>([&] {
          constant.register_hook([](const auto&) { return std::nullopt; });
        }) == "register_hook: need a tensor that requires a gradient");
  CHECK(message_of<GraphError>([&] { exp(x).mutable_value(); }) ==
        "mutable_value: need a leaf; got the result of exp");
  CHECK(message_of<GraphError>([&] { y.mutable_value(); }) ==  // its history is freed
        "mutable_value: need a leaf; got the result of exp");
  D z = exp(x);
  z.register_hook([](const Array<double>&) { return zeros<double>({3}); });
  CHECK(message_of<ShapeError>([&] { sum(z).backward(); }) ==
        "hook on exp: need a gradient of the tensor's shape; got tensor [2], gradient [3]");
}

TEST_CASE("errors: a custom op whose gradient has another shape") {
  const D x = random_leaf({2, 3}, 1);
  const D y = record<double>("twice", {x}, 2.0 * x.value(),
                             [](Vjp<double>& c) { c.accumulate(0, reshape(c.grad, {6})); });
  CHECK(
      message_of<ShapeError>([&] { sum(y).backward(); }) ==
      "backward of twice: need a gradient of the shape of input 0; got input [2, 3], gradient [6]");
}

TEST_CASE("errors: a checkpoint that differentiates through a captured tensor") {
  const D x = random_leaf({2, 3}, 1), w = random_leaf({4, 3}, 2);
  const D y = checkpoint<double>([w](const Inputs& in) { return linear(in[0], w); }, {x});
  CHECK(
      message_of<GraphError>([&] { sum(y).backward(); }) ==
      "checkpoint: the function differentiates through a tensor of shape [4, 3] that is not among "
      "its inputs");
}

TEST_CASE("errors: anomaly mode names the op that made NaN or Inf first") {
  const DetectAnomaly detect;
  const D x({2}, {1, -1}, kRequiresGrad), zero({2}, {0, 1}, kRequiresGrad);
  CHECK(message_of<NumericError>([&] { exp(log(x)); }) ==
        "anomaly: forward of log made NaN from [2]");
  CHECK(message_of<NumericError>([&] { div(x, zero); }) ==
        "anomaly: forward of div made Inf from [2], [2]");
  CHECK(message_of<NumericError>([&] {
          matmul(reshape(mul(x, 1e300), {1, 2}), reshape(mul(x, 1e300), {2, 1}));
        }) == "anomaly: forward of matmul made Inf from [1, 2], [2, 1]");
  const DetectAnomaly again;
  D named = D({1}, {std::numeric_limits<double>::quiet_NaN()}).set_name("weights");
  CHECK(message_of<NumericError>([&] { exp(named); }) ==
        "anomaly: forward of exp got NaN in its input 0, weights [1]");
  const D product = mul(x, zero);
  CHECK(message_of<NumericError>([&] {
          gradients(product, full<double>({2}, std::numeric_limits<double>::infinity()), {x, zero});
        }) == "anomaly: backward of mul got Inf in the gradient of its output [2]");
  const D root = sqrt(zero);
  CHECK(message_of<NumericError>([&] { sum(root).backward(); }) ==
        "anomaly: backward of sqrt made Inf in the gradient of input 0; its inputs are [2]");
  const D y = record<double>("bad", {x, zero}, x.value(), [](Vjp<double>& c) {
    const GradientBuffer<double> out = c.buffer(1);  // gradients that are written in place, too
    std::fill_n(out.data, 2, std::numeric_limits<double>::quiet_NaN());
  });
  CHECK(message_of<NumericError>([&] { gradients(sum(y), Inputs{zero}); }) ==
        "anomaly: backward of bad made NaN in the gradient of input 1; its inputs are [2], [2]");
}

TEST_CASE("anomaly mode ends with its object and leaves finite computations alone") {
  const D x({1}, {-1}, kRequiresGrad);
  const auto run = [&] { return message_of<NumericError>([&] { sum(log(x)).backward(); }); };
  CHECK(run() == "(no error)");
  {
    const DetectAnomaly detect;
    CHECK(anomaly_enabled());
    CHECK(run() == "anomaly: forward of log made NaN from [1]");
    CHECK(message_of<NumericError>([&] { sum(exp(x)).backward(); }) == "(no error)");
  }
  CHECK_FALSE(anomaly_enabled());
  CHECK(run() == "(no error)");
}

TEST_CASE("errors: gradcheck prints op, input, element and both values") {
  const auto wrong = [](const Inputs& in) {
    return record<double>("half", {in[0], in[1]}, in[0].value() + in[1].value(),
                          [](Vjp<double>& c) {
                            if (c.wants(0)) c.accumulate(0, c.grad);
                            Array<double> g = c.take_grad();
                            g.data()[2] *= 0.5;
                            c.accumulate(1, g);
                          });
  };
  const D a = random_leaf({3}, 1), b = random_leaf({3}, 2);
  const Array<double> before = b.value();
  const std::string message = message_of<GradcheckError>([&] { gradcheck(wrong, {a, b}); });
  CHECK(message.rfind("gradcheck: half: input 1 [3], element 2: analytic 0.", 0) == 0);
  CHECK(message.find(", numeric ") != std::string::npos);
  CHECK(max_difference(b.value(), before) == 0);
  CHECK(message_of<GradcheckError>([&] { gradcheck(wrong, {a, b.detach()}); }) == "(no error)");
  CHECK(message_of<GradcheckError>([&] {
          gradcheck(wrong, {a.detach(), b.detach()});
        }) == "gradcheck: no input requires a gradient");
  const auto nan = [](const Inputs& in) {
    return record<double>("nan", {in[0]}, in[0].value(), [](Vjp<double>& c) {
      c.accumulate(0, full<double>({3}, std::numeric_limits<double>::quiet_NaN()));
    });
  };
  CHECK(message_of<GradcheckError>([&] {
          gradcheck(nan, {a});
        }).rfind("gradcheck: nan: input 0 [3], element 0: analytic ", 0) == 0);
}

}  // namespace
}  // namespace babelgrad
