// The small layers: PyTorch's names and shapes, initial values, what they compute, dropout.
#include <doctest/doctest.h>

#include <cmath>
#include <set>
#include <stdexcept>

#include "babelgrad/autograd/inspection/gradcheck.h"
#include "babelgrad/nn/attention.h"
#include "babelgrad/nn/dropout.h"
#include "babelgrad/nn/embedding.h"
#include "babelgrad/nn/gru.h"
#include "babelgrad/nn/layer_norm.h"
#include "babelgrad/nn/linear.h"
#include "tests/autograd/helpers.h"

namespace babelgrad {
namespace {

using D = Tensor<double>;
using Names = std::vector<std::string>;

template <class Make>
Names names_of(const Make& make) {
  ParameterStore<double> store;
  make(Scope<double>(store) / "x");
  Names names;
  for (const D& parameter : store.parameters())
    names.push_back(parameter.name() + " " + to_string(parameter.shape()));
  return names;
}

TEST_CASE("layers: parameters have PyTorch's names and shapes") {
  using Space = const Scope<double>&;
  CHECK(names_of([](Space s) { Linear<double>(s, 3, 2); }) ==
        Names{"x.weight [2, 3]", "x.bias [2]"});
  CHECK(names_of([](Space s) { Linear<double>(s, 3, 2, Bias::without); }) ==
        Names{"x.weight [2, 3]"});
  CHECK(names_of([](Space s) { Embedding<double>(s, 7, 3); }) == Names{"x.weight [7, 3]"});
  CHECK(names_of([](Space s) { LayerNorm<double>(s, 5); }) == Names{"x.weight [5]", "x.bias [5]"});
  CHECK(names_of([](Space s) { Dropout<double>(s, 0.5); }).empty());
  CHECK(names_of([](Space s) {
          Gru<double>(s, {4, 3, 2, false, 0});
        }) == Names{"x.weight_ih_l0 [9, 4]", "x.weight_hh_l0 [9, 3]", "x.bias_ih_l0 [9]",
                    "x.bias_hh_l0 [9]", "x.weight_ih_l1 [9, 3]", "x.weight_hh_l1 [9, 3]",
                    "x.bias_ih_l1 [9]", "x.bias_hh_l1 [9]"});
  CHECK(names_of([](Space s) { AttentionLayer<double>(s, {Score::dot, 4, 4, 3}); }).empty());
  CHECK(names_of([](Space s) {
          AttentionLayer<double>(s, {Score::general, 4, 5, 3});
        }) == Names{"x.key.weight [4, 5]"});
  CHECK(names_of([](Space s) {
          AttentionLayer<double>(s, {Score::additive, 4, 5, 3});
        }) == Names{"x.key.weight [3, 5]", "x.query.weight [3, 4]", "x.query.bias [3]", "x.v [3]"});
}

TEST_CASE("layers: the parameters of a scope, or an error where there are none") {
  ParameterStore<double> store;
  const Scope<double> root(store);
  const Linear<double> encoder(root / "encoder" / "output", 2, 2), other(root / "encoders", 2, 2);
  CHECK(store.parameters("encoder").size() == 2);
  CHECK(store.parameters("encoder.output")[0].name() == "encoder.output.weight");
  CHECK(message_of<std::invalid_argument>([&] { store.parameters("encodr"); }) ==
        "parameters: no parameter is in a scope encodr");
}

TEST_CASE("layers: initial values are PyTorch's: within 1 / sqrt(fan in), norms the identity") {
  ParameterStore<double> store;
  const Scope<double> root(store);
  const Linear<double> wide(root / "linear", 100, 50);
  const Gru<double> gru(root / "gru", {7, 25, 1, false, 0});
  const LayerNorm<double> norm(root / "norm", 6);
  for (const D& parameter : store.parameters()) {
    INFO(parameter.name());
    if (parameter.name().starts_with("norm")) {
      CHECK(max_difference(parameter.value(),
                           full<double>({6}, parameter.name() == "norm.weight")) == 0);
      continue;
    }
    const double bound = parameter.name().starts_with("gru") ? 0.2 : 0.1;
    double largest = 0;
    for (const double v : parameter.value()) largest = std::max(largest, std::abs(v));
    CHECK(largest <= bound);
    CHECK(largest > 0.9 * bound);
  }
}

TEST_CASE("layers: linear, embedding and layer norm compute what they say") {
  ParameterStore<double> store;
  const Scope<double> root(store);
  const Linear<double> linear_layer(root / "linear", 3, 2),
      no_bias(root / "no", 3, 2, Bias::without);
  const D x = random_leaf({4, 2, 3}, 1);
  const Array<double> y = linear_layer(x).value(), z = no_bias(x).value();
  const double* w = linear_layer.weight().value().data();
  const double* v = no_bias.weight().value().data();
  for (std::size_t row = 0; row < 8; ++row)
    for (std::size_t o = 0; o < 2; ++o) {
      double expected = linear_layer.bias().value().data()[o], plain = 0;
      for (std::size_t i = 0; i < 3; ++i) {
        expected += x.value().data()[row * 3 + i] * w[o * 3 + i];
        plain += x.value().data()[row * 3 + i] * v[o * 3 + i];
      }
      CHECK(std::abs(y.data()[row * 2 + o] - expected) < 1e-15);
      CHECK(std::abs(z.data()[row * 2 + o] - plain) < 1e-15);
    }
  CHECK(!no_bias.bias().defined());
  const Embedding<double> embedding(root / "embedding", 5, 3);
  const Array<double> rows = embedding(ints({2, 1}, {4, 0})).value();
  CHECK(rows.shape() == Shape{2, 1, 3});
  CHECK(rows.data()[0] == embedding.weight().value().data()[12]);
  const LayerNorm<double> norm(root / "norm", 3);
  const Array<double> normal = norm(x).value();
  for (std::size_t row = 0; row < 8; ++row)
    CHECK(std::abs(normal.data()[row * 3] + normal.data()[row * 3 + 1] +
                   normal.data()[row * 3 + 2]) < 1e-14);
}

TEST_CASE("attention layer: each score by its formula, and its gradients") {
  for (const Score score : {Score::dot, Score::scaled_dot, Score::general, Score::additive}) {
    ParameterStore<double> store;
    const AttentionLayer<double> layer(Scope<double>(store), {score, 4, 4, 3});
    const D queries = random_leaf({2, 1, 4}, 1), values = random_leaf({3, 1, 4}, 2);
    const D keys = layer.keys(values);
    const auto attended = layer(queries, keys, values, ints({1}, {3}));
    for (std::size_t t = 0; t < 2; ++t) {
      double scores[3], total = 0;
      for (std::size_t s = 0; s < 3; ++s) {
        const D q = slice(queries, 0, t, t + 1), k = slice(keys, 0, s, s + 1);
        scores[s] =
            score == Score::additive
                ? sum(mul(reshape(store.at("v"), {1, 1, 3}),
                          tanh(
                              add(linear(q, store.at("query.weight"), store.at("query.bias")), k))))
                      .item()
                : sum(mul(q, k)).item();
        if (score == Score::scaled_dot) scores[s] /= 2;  // sqrt(H)
        total += std::exp(scores[s]);
      }
      for (std::size_t s = 0; s < 3; ++s)
        CHECK(std::abs(attended.weights(t, 0, s) - std::exp(scores[s]) / total) < 1e-14);
    }
    std::vector<D> inputs{queries, values};
    inputs.insert(inputs.end(), store.parameters().begin(), store.parameters().end());
    CHECK_NOTHROW(gradcheck(
        [&](const std::vector<D>& in) {
          return layer(in[0], layer.keys(in[1]), in[1], ints({1}, {2})).context;
        },
        inputs));
  }
  CHECK(message_of<std::invalid_argument>([] {
          ParameterStore<double> store;
          AttentionLayer<double>(Scope<double>(store), {Score::dot, 4, 5, 3});
        }) == "attention: the dot score needs queries and values of one size; got 4 and 5");
}

class Dropped {
 public:
  Array<double> operator()(const Mode& mode, const std::string& site = "d", std::uint64_t call = 0,
                           DropoutKind kind = DropoutKind::plain) const {
    ParameterStore<double> store;
    const Dropout<double> layer(Scope<double>(store) / site, 0.3, kind);
    return layer(D(full<double>({20, 50, 30}, 1)), mode, call).value();
  }
};

TEST_CASE("dropout: keeps the mean, drops the share asked for, and is off in evaluation") {
  const Array<double> y = Dropped()(Mode::training(1, 1));
  double mean = 0, zeros_seen = 0;
  for (const double v : y) {
    CHECK((v == 0 || std::abs(v - 1 / 0.7) < 1e-12));
    mean += v / 30000;
    zeros_seen += v == 0;
  }
  CHECK(std::abs(mean - 1) < 0.02);  // 5 deviations
  CHECK(std::abs(zeros_seen / 30000 - 0.3) < 0.014);
  CHECK(max_difference(Dropped()(kEvaluation), full<double>({20, 50, 30}, 1)) == 0);
}

TEST_CASE("dropout: the mask is a function of seed, step, shard, site and call") {
  const Dropped dropped;
  const Array<double> y = dropped(Mode::training(1, 2, 3));
  CHECK(max_difference(y, dropped(Mode::training(1, 2, 3))) == 0);
  for (const Array<double>& other :
       {dropped(Mode::training(2, 2, 3)), dropped(Mode::training(1, 3, 3)),
        dropped(Mode::training(1, 2, 4)), dropped(Mode::training(2, 1, 3)),
        dropped(Mode::training(1, 2, 3), "e"), dropped(Mode::training(1, 2, 3), "d", 1)}) {
    double same = 0;
    for (std::size_t i = 0; i < y.size(); ++i) same += (y.data()[i] == 0) == (other.data()[i] == 0);
    CHECK(std::abs(same / 30000 - 0.58) < 0.015);  // independent masks: 0.3^2 + 0.7^2
  }
}

TEST_CASE("dropout: the variational kind has one mask for all time steps") {
  const Array<double> y = Dropped()(Mode::training(1, 2, 3), "d", 0, DropoutKind::variational);
  std::size_t different = 0, dropped = 0;
  for (std::size_t i = 0; i < y.size(); ++i) different += y.data()[i] != y.data()[i % 1500];
  for (std::size_t i = 0; i < 1500; ++i) dropped += y.data()[i] == 0;
  CHECK(different == 0);
  CHECK(std::abs(static_cast<double>(dropped) / 1500 - 0.3) < 0.06);
  ParameterStore<double> store;
  const Dropout<double> layer(Scope<double>(store), 0.3, DropoutKind::variational);
  CHECK(message_of<ShapeError>([&] {
          layer(D(zeros<double>({2, 3})), Mode::training(1, 1));
        }) == "dropout: need x [T, B, F] for the variational kind; got x [2, 3]");
}

TEST_CASE("dropout: the masks of time steps drawn one by one are those of the whole sequence") {
  for (const DropoutKind kind : {DropoutKind::plain, DropoutKind::variational}) {
    ParameterStore<double> store;
    const Dropout<double> layer(Scope<double>(store) / "d", 0.4, kind);
    const D x = random_leaf({5, 3, 7}, 1);
    const Mode mode = Mode::training(1, 2);
    const D whole = layer(x, mode.again(), 1);
    for (const std::ptrdiff_t t : {4, 0, 2, 1, 3})
      CHECK(max_difference(layer(x[t], mode.at_time(t), 1).value(), whole[t].value()) == 0);
    CHECK(message_of<std::logic_error>([&] {
            layer(x[2], mode.at_time(2), 1);
          }).find("dropout d: use 1 at time step 2 has drawn its mask") == 0);
    CHECK(message_of<std::logic_error>([&] {
            layer(x, mode, 1);
          }).find("dropout d: use 1 has drawn its mask") == 0);
    layer(x, mode, 2);
    CHECK_THROWS_AS(layer(x[2], mode.at_time(2), 2), std::logic_error);
    CHECK(message_of<ShapeError>([&] { layer(x, mode.at_time(0), 3); }) ==
          "dropout: need x [B, F] for one time step; got x [5, 3, 7]");
    CHECK(max_difference(layer(x[2], kEvaluation.at_time(2)).value(), x[2].value()) == 0);
  }
}

TEST_CASE("dropout: the gradient passes where the value does; bad probabilities are refused") {
  ParameterStore<double> store;
  const Scope<double> root(store);
  const Dropout<double> layer(root / "d", 0.5);
  const D x = random_leaf({3, 4}, 1);
  CHECK_NOTHROW(
      gradcheck([&](const std::vector<D>& in) { return layer(in[0], Mode::training(1, 1)); }, {x}));
  for (const double p : {-0.1, 1.0, 2.0, std::nan("")})
    CHECK_THROWS_AS(Dropout<double>(root, p), std::invalid_argument);
}

TEST_CASE("dropout: one mask cannot be drawn twice in a step by accident") {
  ParameterStore<double> store;
  const Scope<double> root(store);
  const Dropout<double> layer(root / "d", 0.5), other(root / "e", 0.5);
  const D x(ones<double>({4, 5}));
  const Mode mode = Mode::training(1, 7);
  const Array<double> first = layer(x, mode).value();
  CHECK_NOTHROW(other(x, mode));
  CHECK(max_difference(layer(x, mode, 1).value(), first) == 2);
  const std::string message =
      "dropout d: use 0 has drawn its mask in this step; say dropout(x, mode, 1) for a second use "
      "in it, Mode::training(seed, step) for another step, Mode::training(seed, step, part) for "
      "another part of its batch, or mode.again() to repeat one";
  CHECK(message_of<std::logic_error>([&] { layer(x, mode); }) == message);
  const Mode copy = mode;
  CHECK(message_of<std::logic_error>([&] { layer(x, copy); }) == message);
  CHECK(max_difference(layer(x, mode.again()).value(), first) == 0);
  for (int i = 0; i < 2; ++i) CHECK(max_difference(layer(x, kEvaluation).value(), x.value()) == 0);
}

TEST_CASE("dropout: two under one name are refused, as two parameters are") {
  ParameterStore<double> store;
  const Scope<double> root(store);
  const Dropout<double> layer(root / "encoder" / "d", 0.5);
  CHECK(message_of<std::invalid_argument>([&] { Dropout<double>(root / "encoder" / "d", 0.1); }) ==
        "dropout encoder.d: the name is taken");
  CHECK_NOTHROW(Dropout<double>(root / "decoder" / "d", 0.1));
}

TEST_CASE("dropout: inside checkpoint, with the mode again, it drops the same twice") {
  ParameterStore<double> store;
  const Dropout<double> layer(Scope<double>(store) / "d", 0.5);
  const Mode mode = Mode::training(1, 7);
  const auto f = [&](const std::vector<D>& in) { return layer(square(in[0]), mode.again()); };
  const D x = random_leaf({4, 5}, 1);
  const auto plain = gradients(sum(f({x})), {x});
  CHECK(max_difference(gradients(sum(checkpoint<double>(f, {x})), {x})[0], plain[0]) == 0);
}

}  // namespace
}  // namespace babelgrad
