// What the ops on order, masks and shapes return, and the arrays that are made of nothing.
#include <doctest/doctest.h>

#include <limits>

#include "babelgrad/autograd/backward.h"
#include "tests/autograd/helpers.h"

namespace babelgrad {
namespace {

using D = Tensor<double>;
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

TEST_CASE("sort, topk, argsort: stable, NaN is largest") {
  const D x{{3, 1, 3, 2}, {0, kNan, -1, 0}};
  const Ordered<double> up = sort(x), down = sort(x, -1, true);
  CHECK(equal(up.indices, ints({2, 4}, {1, 3, 0, 2, 2, 0, 3, 1})));
  CHECK(equal(down.indices, ints({2, 4}, {0, 2, 3, 1, 1, 0, 3, 2})));
  CHECK(equal(slice(up.values, 0, 0, 1).value(), Array<double>({1, 4}, {1, 2, 3, 3})));
  CHECK(equal(argsort(x), up.indices));
  CHECK(equal(sort(x, 0).indices, ints({2, 4}, {1, 0, 1, 1, 0, 1, 0, 0})));
  CHECK(equal(topk(x, 2).indices, ints({2, 2}, {0, 2, 1, 0})));
  CHECK(equal(topk(x, 1, 0, false).indices, ints({1, 4}, {1, 0, 1, 1})));
  CHECK(topk(x, 0).values.shape() == Shape{2, 0});
}

TEST_CASE("argmax, argmin: along an axis and of all, the first of equals") {
  const D x{{1, 5, 5}, {-2, 0, kNan}};
  CHECK(equal(argmax(x, 1), ints({2}, {1, 2})));
  CHECK(equal(argmin(x, 1, true), ints({2, 1}, {0, 0})));
  CHECK(equal(argmax(x.value(), 0), ints({3}, {0, 0, 1})));
  CHECK(equal(argmax(x), ints({}, {5})));
  CHECK(equal(argmin(x), ints({}, {3})));
}

TEST_CASE("max, min: of all elements, ties share the gradient") {
  const D x({4}, {2, -1, 2, 0}, kRequiresGrad);
  CHECK(max(x).item() == 2);
  CHECK(min(x).item() == -1);
  CHECK(equal(gradients(max(x), {x})[0], Array<double>({4}, {0.5, 0, 0.5, 0})));
}

TEST_CASE("any, all: along axes") {
  const Mask mask({2, 3}, {true, false, false, true, true, false});
  CHECK(equal(any(mask, 0), Mask({3}, {true, true, false})));
  CHECK(equal(all(mask, 0), Mask({3}, {true, false, false})));
  CHECK(equal(any(mask, 1, true), Mask({2, 1}, {true, true})));
  CHECK(equal(all(mask, {0, 1}), Mask({}, {false})));
  const Mask none = full_mask({2, 0}, true);
  CHECK(equal(any(none, 1), full_mask({2}, false)));
  CHECK(equal(all(none, 1), full_mask({2}, true)));
}

TEST_CASE("prod, norm, stddev where a gradient could be NaN") {
  CHECK(equal(prod(D(zeros<double>({2, 0})), 1).value(), ones<double>({2})));
  const D x({3}, {0, 0, 0}, kRequiresGrad);
  for (const D& y : {norm(x), stddev(x), prod(x)}) {
    CHECK(y.item() == 0);
    CHECK(equal(gradients(y, {x})[0], zeros<double>({3})));
  }
}

TEST_CASE("pad, one_hot, slices of several axes") {
  const D x{{1, 2}, {3, 4}};
  CHECK(equal(pad(x, {1, 0, 0, 1}, 9).value(), Array<double>({3, 3}, {9, 1, 2, 9, 3, 4, 9, 9, 9})));
  CHECK(equal(pad(x, {}).value(), x.value()));
  CHECK(equal(one_hot<double>(ints({2, 1}, {2, 0}), 3),
              Array<double>({2, 1, 3}, {0, 0, 1, 1, 0, 0})));
  CHECK(equal(slice(x, {{}, {-1}}).value(), Array<double>({2, 1}, {2, 4})));
  CHECK(equal(slice(x.value(), {{0, 1}}), Array<double>({1, 2}, {1, 2})));
}

TEST_CASE("dot, outer") {
  const D a({2}, {2, 3}), b({2}, {5, 7});
  CHECK(dot(a, b).item() == 31);
  CHECK(equal(outer(a, b).value(), Array<double>({2, 2}, {10, 14, 15, 21})));
}

TEST_CASE("allclose") {
  const Array<double> a({2}, {1, 100}), near({2}, {1 + 1e-9, 100.0009});
  CHECK(allclose(a, near));
  CHECK(!allclose(a, near, 1e-6));
  const double infinity = std::numeric_limits<double>::infinity(), nan = std::nan("");
  CHECK(allclose(Array<double>({1}, {infinity}), Array<double>({1}, {infinity})));
  CHECK(!allclose(Array<double>({1}, {1}), Array<double>({1}, {infinity})));
  CHECK(!allclose(Array<double>({1}, {nan}), Array<double>({1}, {nan})));
}

TEST_CASE("arange, linspace, eye") {
  CHECK(equal(arange<double>(3), Array<double>({3}, {0, 1, 2})));
  CHECK(equal(arange<std::int32_t>(5, 0, -2), ints({3}, {5, 3, 1})));
  CHECK(arange<double>(0, 1, 0.25).size() == 4);
  CHECK(arange<float>(0).size() == 0);
  CHECK(equal(linspace<double>(-1, 1, 5), Array<double>({5}, {-1, -0.5, 0, 0.5, 1})));
  CHECK(linspace<float>(0, 0.7f, 11)(-1) == 0.7f);
  CHECK(equal(linspace<float>(2, 3, 1), Array<float>({1}, {2})));
  CHECK(linspace<float>(2, 3, 0).size() == 0);
  CHECK(equal(eye<double>(2), Array<double>({2, 2}, {1, 0, 0, 1})));
  CHECK(equal(eye<double>(1, 2), Array<double>({1, 2}, {1, 0})));
}

TEST_CASE("gelu, silu, softplus, elu in float: finite at +-800, in both orders") {
  const Tensor<float> x({4}, {-800, -30, 30, 800}, kRequiresGrad);
  const std::vector<Tensor<float>> results{gelu(x), gelu(x, Approximate::tanh), silu(x),
                                           softplus(x), elu(x)};
  for (const Tensor<float>& y : results) {
    INFO(y.op());
    CHECK(y(3) == 800);
    const Array<float> one = ones<float>({4});
    const Tensor<float> slope = gradients(y, Tensor<float>(one), {x}, {.create_graph = true})[0];
    CHECK(max_difference(slope.value(), Array<float>({4}, {0, 0, 1, 1})) < 1e-6);
    CHECK(max_difference(gradients(sum(slope), {x}, {.allow_unused = true})[0], zeros<float>({4})) <
          1e-6);
  }
}

}  // namespace
}  // namespace babelgrad
