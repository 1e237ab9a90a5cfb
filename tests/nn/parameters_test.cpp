// ParameterStore and Scope: names, duplicates, tying, and values that depend on the name alone.
#include <doctest/doctest.h>

#include <stdexcept>

#include "babelgrad/nn/embedding.h"
#include "babelgrad/nn/linear.h"
#include "tests/autograd/helpers.h"

namespace babelgrad {
namespace {

using D = Tensor<double>;

TEST_CASE("parameters: scopes make names, the store finds them, in the order of creation") {
  ParameterStore<double> store;
  const Scope<double> root(store);
  CHECK(root.path().empty());
  CHECK((root / "a" / "b").path() == "a.b");
  const Linear<double> inner(root / "a" / "b", 3, 2);
  root.parameter("scale", {4}, init::ones());
  CHECK(store.size() == 3);
  CHECK(store.element_count() == 6 + 2 + 4);
  CHECK(store.parameters()[0].name() == "a.b.weight");
  CHECK(store.parameters()[2].name() == "scale");
  CHECK(store.contains("a.b.bias"));
  CHECK(!store.contains("a.b"));
  CHECK(store.at("a.b.weight").node_pointer() == inner.weight().node_pointer());
}

TEST_CASE("parameters: a name that is taken and a name that is not there") {
  ParameterStore<double> store;
  const Scope<double> root(store);
  const Linear<double> first(root / "a", 3, 2);
  CHECK(message_of<std::invalid_argument>([&] { Linear<double>(root / "a", 3, 2); }) ==
        "parameter a.weight: the name is taken");
  CHECK(store.size() == 2);
  CHECK(message_of<std::out_of_range>([&] { store.at("a.wieght"); }) ==
        "parameter a.wieght: no such parameter");
}

TEST_CASE("parameters: after backward the store has the gradients, zero where there are none") {
  ParameterStore<double> store;
  const Linear<double> used(Scope<double>(store) / "used", 3, 2);
  const Linear<double> unused(Scope<double>(store) / "unused", 3, 2);
  const auto loss = [&] { return sum(square(used(random_leaf({4, 3}, 1)))); };
  loss().backward();
  const auto found = store.gradients();
  const auto expected = gradients(loss(), {used.weight(), used.bias()});
  REQUIRE(found.size() == 4);
  CHECK(max_difference(found[0], expected[0]) == 0);
  CHECK(max_difference(found[1], expected[1]) == 0);
  CHECK(found[2].shape() == unused.weight().shape());
  CHECK(amax(abs(found[2])).item() == 0);
}

TEST_CASE("parameters: a store of constants has the values of another, and no gradients") {
  ParameterStore<double> trained;
  const Linear<double> layer(Scope<double>(trained) / "a", 3, 2);
  ParameterStore<double> store(ParameterStore<double>::Constants{trained});
  const Linear<double> constant(Scope<double>(store) / "a", 3, 2);
  const D x = random_leaf({4, 3}, 1);
  CHECK(max_difference(constant(x).value(), layer(x).value()) == 0);
  CHECK(!constant.weight().requires_grad());
  CHECK(store.at("a.bias").name() == "a.bias");
  CHECK_THROWS_AS(Linear<double>(Scope<double>(store) / "b", 3, 2), std::out_of_range);
}

TEST_CASE("parameters: an initial value is a function of seed and name") {
  ParameterStore<double> a(1), b(1), c(2);
  a.create("first", {2}, init::normal(1));
  const D x = a.create("x", {5}, init::normal(1)), y = b.create("x", {5}, init::normal(1)),
          z = c.create("x", {5}, init::normal(1)), w = b.create("w", {5}, init::normal(1));
  CHECK(max_difference(x.value(), y.value()) == 0);
  CHECK(max_difference(x.value(), z.value()) > 0.01);
  CHECK(max_difference(y.value(), w.value()) > 0.01);
}

TEST_CASE("parameters: the gradient of a tied one is the sum over its uses") {
  ParameterStore<double> store;
  const Scope<double> root(store);
  const Embedding<double> embedding(root / "embedding", 5, 3);
  const Linear<double> output(embedding.weight(), D());
  CHECK(store.size() == 1);
  const IntArray words = ints({4}, {1, 3, 3, 0});
  const Array<double> cotangent = random_array({4, 5}, 1);
  const auto tied = store.gradients(weighted_sum(output(tanh(embedding(words))), cotangent));
  const D in(embedding.weight().value(), kRequiresGrad),
      out(embedding.weight().value(), kRequiresGrad);
  const auto apart = gradients(
      weighted_sum(Linear<double>(out, D())(tanh(Embedding<double>(in)(words))), cotangent),
      {in, out});
  const Array<double> sum_of_both = apart[0] + apart[1];
  CHECK(max_difference(tied[0], sum_of_both) < 1e-14);
  CHECK(max_difference(apart[0], zeros<double>({5, 3})) > 0.1);
}

TEST_CASE("parameters: gradients come in order, zeros for the unused, and zero_grad clears") {
  ParameterStore<double> store;
  const D a = store.create("a", {2}, init::ones()), b = store.create("b", {3}, init::ones());
  const D loss = sum(mul(b, b));
  const auto g = store.gradients(loss);
  CHECK(max_difference(g[0], zeros<double>({2})) == 0);
  CHECK(max_difference(g[1], full<double>({3}, 2)) == 0);
  sum(mul(b, b)).backward();
  CHECK(b.has_grad());
  store.zero_grad();
  CHECK((!b.has_grad() || max_difference(b.grad(), zeros<double>({3})) == 0));
}

}  // namespace
}  // namespace babelgrad
