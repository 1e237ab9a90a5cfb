// The losses against PyTorch's numbers, by finite differences, and with bad input.
#include "babelgrad/nn/losses.h"

#include <doctest/doctest.h>

#include <functional>
#include <map>

#include "babelgrad/autograd/backward.h"
#include "babelgrad/autograd/inspection/gradcheck.h"
#include "tests/autograd/helpers.h"
#include "tests/golden/golden.h"

namespace babelgrad {
namespace {

using D = Tensor<double>;

LossReduction reduction_of(const Json& c) {
  return std::map<std::string, LossReduction>{{"mean", LossReduction::mean},
                                              {"sum", LossReduction::sum},
                                              {"batchmean", LossReduction::batchmean},
                                              {"none", LossReduction::none}}
      .at(c.at("reduction").get<std::string>());
}

D loss_of(const std::string& name, const D& input, const D& target, const Json& c) {
  const LossReduction reduction = reduction_of(c);
  if (name == "mse") return mse_loss(input, target, reduction);
  if (name == "l1") return l1_loss(input, target, reduction);
  if (name == "huber") return huber_loss(input, target, reduction, c["delta"].get<double>());
  if (name == "bce_with_logits") return binary_cross_entropy_with_logits(input, target, reduction);
  return kl_div(input, target, {.reduction = reduction, .log_target = c["log_target"].get<bool>()});
}

void check_loss(const D& loss, const Json& g, const Json& c, const std::vector<D>& leaves) {
  const bool by_element = reduction_of(c) == LossReduction::none;
  const Array<double> expected =
      by_element ? golden_array(c["loss"]) : scalar(c["loss"].get<double>());
  CHECK(max_difference(loss.value(), expected) < kGoldenTolerance);
  const auto got =
      by_element ? gradients(loss, golden_array(g["cotangent"]), leaves) : gradients(loss, leaves);
  CHECK(max_difference(got[0], golden_array(c["gradients"]["input"])) < kGoldenTolerance);
  if (leaves.size() > 1)
    CHECK(max_difference(got[1], golden_array(c["gradients"]["target"])) < kGoldenTolerance);
}

TEST_CASE("losses: PyTorch's values and gradients of input and target") {
  const Json golden_losses = golden("losses");
  for (const char* name :
       {"mse", "l1", "huber", "bce_with_logits", "kl_div", "kl_div_log_target"}) {
    const Json& g = golden_losses.at(name);
    CHECK(g["cases"].size() >= 3);
    for (const Json& c : g["cases"]) {
      INFO(name, ", ", c["reduction"].get<std::string>());
      const D input(golden_array(g["input"]), kRequiresGrad);
      const D target(golden_array(g["target"]), kRequiresGrad);
      check_loss(loss_of(name, input, target, c), g, c, {input, target});
    }
  }
}

TEST_CASE("losses: PyTorch's nll_loss with an ignored row") {
  const Json g = golden("losses").at("nll");
  CHECK(g["cases"].size() == 3);
  for (const Json& c : g["cases"]) {
    const D input(golden_array(g["input"]), kRequiresGrad);
    const NllLossOptions options{.ignore_index = g["ignore_index"].get<std::int32_t>(),
                                 .reduction = reduction_of(c)};
    check_loss(nll_loss(input, golden_ints(g["targets"]), options), g, c, {input});
  }
}

TEST_CASE("losses: gradcheck and gradgradcheck") {
  using In = std::vector<D>;
  const D a = random_leaf({3, 4}, 1, -3, 3), b = random_leaf({3, 4}, 2, 0.1, 0.9);
  const IntArray targets = ints({3}, {2, -100, 0});
  const std::vector<std::function<D(const In&)>> losses{
      [](const In& in) { return mse_loss(in[0], in[1]); },
      [](const In& in) { return l1_loss(in[0], in[1], LossReduction::none); },
      [](const In& in) { return huber_loss(in[0], in[1], LossReduction::sum, 0.7); },
      [](const In& in) { return binary_cross_entropy_with_logits(in[0], in[1]); },
      [](const In& in) { return kl_div(in[0], in[1]); },
      [](const In& in) {
        return kl_div(in[0], in[1], {.reduction = LossReduction::batchmean, .log_target = true});
      },
      [&](const In& in) { return nll_loss(log_softmax(in[0] * in[1], -1), targets); },
  };
  for (std::size_t i = 0; i < losses.size(); ++i) {
    INFO("loss ", i);
    CHECK_NOTHROW(gradcheck(losses[i], {a, b}));
    CHECK_NOTHROW(gradgradcheck(losses[i], {a, b}));
  }
}

TEST_CASE("losses: nothing to learn from gives 0, not NaN") {
  const D target({2}, {0, 1}, kRequiresGrad), input({2}, {-1, -2}, kRequiresGrad);
  const D divergence = kl_div(input, target, {.reduction = LossReduction::sum});
  CHECK(divergence.item() == 2);
  CHECK(equal(gradients(divergence, {input, target})[1], Array<double>({2}, {1, 3})));
  const D ignored = nll_loss(D({1, 2}, {-1, -2}, kRequiresGrad), ints({1}, {-100}));
  CHECK(ignored.item() == 0);
  const Tensor<float> sure({2}, {500, -500});
  CHECK(binary_cross_entropy_with_logits(sure, Tensor<float>({2}, {1, 0})).item() == 0);
  CHECK(binary_cross_entropy_with_logits(sure, Tensor<float>({2}, {0, 1})).item() == 500);
}

TEST_CASE("losses: errors") {
  const D x = random_leaf({2, 3}, 1), column = random_leaf({2, 1}, 2);
  const auto message = [](const auto& call) { return message_of<std::invalid_argument>(call); };
  const std::string rule = ": need input and target of one shape; got input [2, 3], target [2, 1]";
  CHECK(message([&] { mse_loss(x, column); }) == "mse_loss" + rule);
  CHECK(message([&] { l1_loss(x, column); }) == "l1_loss" + rule);
  CHECK(message([&] { huber_loss(x, column); }) == "huber_loss" + rule);
  CHECK(message([&] { kl_div(x, column); }) == "kl_div" + rule);
  CHECK(message([&] { binary_cross_entropy_with_logits(x, column); }) ==
        "binary_cross_entropy_with_logits" + rule);
  CHECK(message([&] { huber_loss(x, x, LossReduction::mean, 0); }) ==
        "huber_loss: need delta > 0; got 0.000000");
  CHECK(message([&] {
          nll_loss(x, ints({2}, {0, 3}));
        }) == "nll_loss: need targets in [0, 3); got 3 at position 1");
  CHECK(message([&] {
          nll_loss(x, ints({3}, {0, 0, 0}));
        }) == "nll_loss: need one target a row; got x [2, 3], targets [3]");
  CHECK(message([&] { nll_loss(D(1.0), ints({}, {0})); }) ==
        "nll_loss: need log_probabilities [..., V]; got log_probabilities []");
}

}  // namespace
}  // namespace babelgrad
