// What a review of the engine found, each with the case that showed it.
#include <doctest/doctest.h>

#include <sstream>

#include "babelgrad/autograd/backward.h"
#include "tests/autograd/helpers.h"

namespace babelgrad {
namespace {

using D = Tensor<double>;
constexpr double kInf = std::numeric_limits<double>::infinity();

TEST_CASE("the value of a temporary is no hidden alias") {
  const D w({2, 2}, {1, 2, 3, 4}, kRequiresGrad);
  Array<double> row = w[1].value();
  row.fill(99);
  CHECK(w(1, 0) == 3);
  Array<double> flat = reshape(w, {4}).value();
  flat.fill(99);
  CHECK(w(0, 0) == 1);
}

TEST_CASE("a handle to change a value announces when it is used, not only when it is made") {
  D w({2}, {1, 2}, kRequiresGrad);
  const MutableValue<double> handle = w.mutable_value();
  const D loss = sum(square(w));
  handle.fill(10);
  CHECK_THROWS_AS(gradients(loss, {w}), GraphError);
}

TEST_CASE("a mask that is changed after the forward changes no gradient") {
  Mask mask({2}, {true, true});
  const D a({2}, {1, 2}, kRequiresGrad);
  const D chosen = sum(where(mask, a, 0)), filled = sum(masked_fill(a, mask, 0));
  mask.data()[0] = 0;
  CHECK(gradients(chosen, {a})[0](0) == 1);
  CHECK(gradients(filled, {a})[0](0) == 0);
}

TEST_CASE("errors: shapes that do not exist") {
  CHECK(message_of<ShapeError>([] {
          sum_to(ones<double>({4, 4}), {2});
        }) == "sum_to: need a shape that broadcasts to x's; got x [4, 4], shape [2]");
  CHECK(message_of<ShapeError>([] {
          reshape(zeros<double>({0, 3}), {0, -1});
        }) ==
        "reshape: need as many elements as x, and at most one -1; got x [0, 3], shape [0, -1]");
  CHECK(message_of<ShapeError>([] {
          uninitialized<float>({std::size_t{1} << 32, std::size_t{1} << 32});
        }) == "shape: need fewer elements than memory has bytes; got [4294967296, 4294967296]");
  const std::string none = "array: used before it was given elements";
  CHECK(message_of<ShapeError>([] { exp(Array<double>()); }) == none);
  CHECK(message_of<ShapeError>([] { relu(Array<double>()); }) == none);
  CHECK(message_of<ShapeError>([] { where(Mask(), D({1}, {1}), D({1}, {2})); }) == none);
  std::ostringstream out;
  out << Array<double>() << " " << Mask();
  CHECK(out.str() == "array() mask()");
}

TEST_CASE("a step beyond the axis, and pieces of nothing") {
  const D x({3}, {1, 2, 3});
  CHECK(slice(x, 0, 0, 3, std::numeric_limits<std::size_t>::max()).shape() == Shape{1});
  CHECK(split(D(zeros<double>({0, 2})), 2, 0).size() == 1);
  CHECK(chunk(D(zeros<double>({0, 2})), 3, 0).size() == 3);
}

TEST_CASE("cross_entropy: what is masked out or ignored does not reach its definition") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const D logits({2, 3}, {1, -kInf, 2, nan, 0, 0}, kRequiresGrad);
  const IntArray targets = ints({2}, {0, -100});
  const D fused = cross_entropy(logits, targets);
  const D by_parts = composed([&] { return cross_entropy(logits, targets); });
  CHECK(std::abs(fused.item() - by_parts.item()) < 1e-15);
  const auto g = gradients(fused, {logits}, {.create_graph = true})[0];
  CHECK(max_difference(gradients(cross_entropy(logits, targets), {logits})[0], g.value()) < 1e-15);
}

TEST_CASE("attention: what stands in the padding does not reach its definition") {
  const IntArray lengths = ints({1}, {1});
  const D q = random_leaf({2, 1, 2}, 1), v = random_leaf({2}, 3);
  Array<double> padded = random_array({2, 1, 2}, 2);
  padded(1, 0, 0) = std::numeric_limits<double>::quiet_NaN();
  const D k(padded, kRequiresGrad);
  for (const bool additive : {false, true}) {
    const auto attend = [&] {
      return additive ? additive_attention(q, k, v, k, lengths) : dot_attention(q, k, k, lengths);
    };
    const auto context = attend().context, by_parts = composed(attend).context;
    CHECK(max_difference(context.value(), by_parts.value()) < 1e-15);
    const D loss = sum(square(attend().context));
    CHECK(max_difference(gradients(sum(square(context)), {q})[0],
                         gradients(loss, {q}, {.create_graph = true})[0].value()) < 1e-14);
  }
}

TEST_CASE("attention weights do not depend on the values") {
  const D q = random_leaf({2, 1, 2}, 1), k = random_leaf({3, 1, 2}, 2);
  D values = random_leaf({3, 1, 2}, 3);
  const D loss = sum(square(dot_attention(q, k, values).weights));
  values.mutable_value().fill(0);
  CHECK_NOTHROW(gradients(loss, {q, k}));
}

TEST_CASE("a hook may register another on the same tensor") {
  D x({1}, {1}, kRequiresGrad);
  int calls = 0;
  for (int i = 0; i < 4; ++i)
    x.register_hook([&](const Array<double>&) {
      x.register_hook([](const Array<double>&) {});
      ++calls;
    });
  gradients(sum(x), {x});
  CHECK(calls == 4);
}

TEST_CASE("gradients with create_graph are tensors of their own") {
  const D a({2}, {1, 2}, kRequiresGrad), b({2}, {3, 4}, kRequiresGrad);
  const D loss = sum(square(a + b));
  auto constants = gradients(loss, {a, b}, {.create_graph = false});
  constants[0].mutable_value().fill(0);
  CHECK(constants[1](0) == 8);
  const auto g = gradients(loss, {a, b}, {.create_graph = true});
  CHECK_NOTHROW(gradients(sum(g[0] * g[1]), {g[0], g[1]}));
}

TEST_CASE("anomaly mode notices a sum of gradients that overflows") {
  const D x({1}, {1}, kRequiresGrad);
  const DetectAnomaly detect;
  CHECK_THROWS_AS(gradients(sum(x * 1e308 + x * 1e308), {x}), NumericError);
}

TEST_CASE("clamp and pow to 0 give 0, not NaN, of an infinite gradient") {
  const D x({1}, {5}, kRequiresGrad);
  const Array<double> infinite = full<double>({1}, kInf);
  CHECK(gradients(clamp(x, 0, 1), infinite, {x})[0](0) == 0);
  CHECK(gradients(pow(x, 0), infinite, {x})[0](0) == 0);
}

TEST_CASE("index_add and scatter_add of a shared array leave it as it is") {
  const Array<double> x({2, 2}, {1, 2, 3, 4}), ten({1}, {10});
  CHECK(index_add(reshape(x, {4}), 0, IntArray({1}, {0}), ten)(0) == 11);
  CHECK(scatter_add(x.leading(0, 1), 1, IntArray({1, 1}, {1}), ten.reshaped({1, 1}))(0, 1) == 12);
  CHECK(equal(x, Array<double>({2, 2}, {1, 2, 3, 4})));
}

TEST_CASE("an index is below the size of its axis, also if that is beyond 32 bits") {
  const Array<float> wide = uninitialized<float>({3000000000, 0});
  CHECK_THROWS_AS(index_select(wide, 0, IntArray({1}, {-2147483647})), ShapeError);
}

TEST_CASE("a mean over a large window is as exact as a mean") {
  const Tensor<float> x(full<float>({1, 1, 512, 512}, 0.1f));
  CHECK(std::abs(avg_pool2d(x, 512).item() - 0.1f) < 1e-7f);
}

TEST_CASE("attention over no lengths is over all positions") {
  const D scores({1, 1, 2}, {1, 1});
  CHECK(attention_weights(scores, {})(0, 0, 1) == 0.5);
}

TEST_CASE("a VJP that asks for an input its op does not have") {
  const D x({1}, {1}, kRequiresGrad);
  const D y = record("bad", {x}, x.value(), [](auto& c) { c.accumulate(1, c.grad); });
  CHECK(message_of<GraphError>([&] { gradients(y, {x}); }) ==
        "backward of bad: its VJP asks for input 1 of 1");
  CHECK_THROWS_AS(gradients(y, {x}, {.create_graph = true}), GraphError);
}

}  // namespace
}  // namespace babelgrad
