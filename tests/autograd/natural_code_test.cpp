// What a PyTorch or NumPy user would write first: it compiles, and means the same.
#include <doctest/doctest.h>

#include <sstream>

#include "babelgrad/autograd/backward.h"
#include "tests/autograd/helpers.h"

namespace babelgrad {
namespace {

using F = Tensor<float>;

template <class X>
std::string printed(const X& x) {
  std::ostringstream out;
  out << x;
  return out.str();
}

bool same(const F& x, const Shape& shape, std::initializer_list<float> values) {
  return equal(x.value(), Array<float>(shape, values));
}

bool same(const Mask& mask, const Shape& shape, std::initializer_list<bool> values) {
  return equal(mask, Mask(shape, values));
}

TEST_CASE("natural: tensors are made of lists, vectors, arrays and numbers") {
  CHECK(same(F{{1, 2}, {3, 4}}, {2, 2}, {1, 2, 3, 4}));
  CHECK(same(F{1, 2, 3}, {3}, {1, 2, 3}));
  const F x = zeros<float>({2, 3});
  CHECK(same(x, {2, 3}, {0, 0, 0, 0, 0, 0}));
  CHECK(same(F(ones<float>({2})), {2}, {1, 1}));
  CHECK(same(F(full<float>({2}, 7)), {2}, {7, 7}));
  CHECK(F({4, 6}, std::vector<float>(24, 2)).shape() == Shape{4, 6});
  CHECK(F(3).item() == 3);
  CHECK(F(3).rank() == 0);
  CHECK(IntArray({4}, {0, 1, 1, 0})(1) == 1);
  CHECK(same(F({{1, 2}, {3, 4}}, kRequiresGrad), {2, 2}, {1, 2, 3, 4}));
  CHECK(same(F({1, 2}, kRequiresGrad), {2}, {1, 2}));
  CHECK(same(F{{1}, {2}}, {2, 1}, {1, 2}));
  CHECK(same(F({{1}, {2}}, kRequiresGrad), {2, 1}, {1, 2}));
  CHECK(equal(IntArray{{1}, {2}}, IntArray({2, 1}, {1, 2})));
  const double d = 0.5;
  CHECK(same(F{d, 2 * d}, {2}, {0.5, 1}));
  CHECK(F({{2, 1}, {1, 2}}, kRequiresGrad).requires_grad());
  CHECK(same(F(Array<float>{{1, 2}, {3, 4}}), {2, 2}, {1, 2, 3, 4}));
  CHECK(equal(IntArray{2, 1}, IntArray({2}, {2, 1})));
  CHECK(equal(IntArray({2, 1}), IntArray({2}, {2, 1})));
  CHECK(same(embedding(F{{1, 2}, {3, 4}}, {{1, 1}, {0, 1}}), {2, 2, 2}, {3, 4, 3, 4, 1, 2, 3, 4}));
  F w = zeros<float>({2, 2});
  w.mutable_value() = {{1, 2}, {3, 4}};
  CHECK(same(w, {2, 2}, {1, 2, 3, 4}));
  CHECK_THROWS_AS((Array<float>{{1, 2}, {3}}), ShapeError);
  CHECK_THROWS_AS(F({2, 2}, {1, 2, 3}), ShapeError);
}

TEST_CASE("natural: arithmetic with numbers of any type, on either side") {
  const F x{1, 2, 4};
  CHECK(same(1 - x, {3}, {0, -1, -3}));
  CHECK(same(x - 1, {3}, {0, 1, 3}));
  CHECK(same(1 + x, {3}, {2, 3, 5}));
  CHECK(same(x + 1.5, {3}, {2.5, 3.5, 5.5}));
  CHECK(same(x / 2, {3}, {0.5, 1, 2}));
  CHECK(same(1 / x, {3}, {1, 0.5, 0.25}));
  CHECK(same(2.0 * x, {3}, {2, 4, 8}));
  CHECK(same(-x, {3}, {-1, -2, -4}));
  CHECK(same(x * x - x, {3}, {0, 2, 12}));
  CHECK(same(pow(x, 2), {3}, {1, 4, 16}));
  F y = x;
  y += 1;
  y *= x;
  y -= x;
  y /= 2;
  CHECK(same(y, {3}, {0.5, 2, 8}));
  CHECK(same(x, {3}, {1, 2, 4}));
}

TEST_CASE("natural: a bias broadcasts, a column does; (N) with (N, 1) does not") {
  const F x{{1, 2}, {3, 4}};
  CHECK(same(x + F{10, 20}, {2, 2}, {11, 22, 13, 24}));
  CHECK(same(x * unsqueeze(F{10, 20}, 1), {2, 2}, {10, 20, 60, 80}));
  CHECK_THROWS_AS((F{1, 2} + unsqueeze(F{1, 2}, 1)), ShapeError);
}

TEST_CASE("natural: comparisons are masks; where, masked_fill and softmax take them") {
  const F x{-1, 0, 2}, y{-1, 1, 1};
  CHECK(same(x > 0, {3}, {false, false, true}));
  CHECK(same(0 <= x, {3}, {false, true, true}));
  CHECK(same(x == y, {3}, {true, false, false}));
  CHECK(same(x != 0, {3}, {true, false, true}));
  CHECK(same((!(x > 0)) & (y > 0), {3}, {false, true, false}));
  CHECK(same((x > 0) | (y > 0), {3}, {false, true, true}));
  CHECK(same(where(x > 0, x, y), {3}, {-1, 1, 2}));
  CHECK(same(where(x > 0, x, 0), {3}, {0, 0, 2}));
  CHECK(same(where(x > 0, 1, x), {3}, {-1, 0, 1}));
  CHECK(same(masked_fill(x, x < 0, 9), {3}, {9, 0, 2}));
  CHECK(same(softmax(F{{1, 1}, {1, 1}}, 0, Mask({2, 2}, {true, true, false, true})), {2, 2},
             {1, 0.5, 0, 0.5}));
  CHECK(any(x > 0));
  CHECK(!all(x > 0));
  const IntArray labels({2}, {2, 0});
  CHECK(same(argmax(F{{1, 2, 3}, {4, 6, 5}}, 1) == labels, {2}, {true, false}));
  CHECK(same(labels != 0, {2}, {true, false}));
  CHECK(same(0 != labels, {2}, {true, false}));
  CHECK(same(labels < IntArray({2}, {2, 1}), {2}, {false, true}));
}

TEST_CASE("natural: an axis is an axis, counted from either end") {
  const F x{{1, 2, 3}, {4, 5, 6}};
  CHECK(sum(x).item() == 21);
  CHECK(same(sum(x, 1), {2}, {6, 15}));
  CHECK(same(sum(x, -1), {2}, {6, 15}));
  CHECK(same(sum(x, 0), {3}, {5, 7, 9}));
  CHECK(same(sum(x, 1, true), {2, 1}, {6, 15}));
  CHECK(mean(x, {0, 1}).item() == 3.5f);
  CHECK(same(mean(x, {0, -1}, true), {1, 1}, {3.5}));
  CHECK(same(amax(x, 0), {3}, {4, 5, 6}));
  const F zero = zeros<float>({2, 4});
  CHECK(softmax(zero, 0)(0, 0) == 0.5f);
  CHECK(softmax(zero, 1)(0, 0) == 0.25f);
  CHECK(softmax(zero, -1)(0, 0) == 0.25f);
  CHECK(log_softmax(zero, 0)(1, 3) == doctest::Approx(std::log(0.5)));
}

TEST_CASE("natural: reading elements and parts") {
  const F x{{1, 2, 3}, {4, 5, 6}};
  CHECK(x(1, 2) == 6);
  CHECK(x(-1, 0) == 4);
  CHECK(x.dim(-1) == 3);
  CHECK(same(x[1], {3}, {4, 5, 6}));
  CHECK(same(x[-1][0], {}, {4}));
  CHECK(x[0][2].item() == 3);
  CHECK(sum(x).value().item() == 21);
  CHECK(same(select(x, 1, 0), {2}, {1, 4}));
  CHECK(same(slice(x, 1, 1, 3), {2, 2}, {2, 3, 5, 6}));
}

TEST_CASE("natural: shapes and lists of tensors") {
  const F a{{1, 2}}, b{{3, 4}};
  CHECK(same(cat({a, b}, 0), {2, 2}, {1, 2, 3, 4}));
  CHECK(same(cat({a, b}, 1), {1, 4}, {1, 2, 3, 4}));
  CHECK(same(cat(std::vector<F>{a, b}, -1), {1, 4}, {1, 2, 3, 4}));
  CHECK(equal(cat({a, b}), cat({a, b}, 0)));
  CHECK(equal(stack({a, b}), stack({a, b}, 0)));
  CHECK(stack({a, b}, 0).shape() == Shape{2, 1, 2});
  CHECK(stack({a, b}, -1).shape() == Shape{1, 2, 2});
  CHECK(same(F(cat({a.value(), b.value()}, 0)), {2, 2}, {1, 2, 3, 4}));
  CHECK(same(F(stack({a.value(), b.value()}, 1)), {1, 2, 2}, {1, 2, 3, 4}));
  const F x{{1, 2, 3}, {4, 5, 6}};
  CHECK(reshape(x, {3, 2})(1, 0) == 3);
  CHECK(reshape(x, {-1}).shape() == Shape{6});
  CHECK(reshape(x, {2, -1}).shape() == Shape{2, 3});
  CHECK(same(transpose(x, 0, 1), {3, 2}, {1, 4, 2, 5, 3, 6}));
  CHECK(same(permute(x, {1, 0}), {3, 2}, {1, 4, 2, 5, 3, 6}));
  CHECK(flatten(x).shape() == Shape{6});
  CHECK(unsqueeze(x, -1).shape() == Shape{2, 3, 1});
  CHECK(squeeze(unsqueeze(x, 0), 0).shape() == Shape{2, 3});
  CHECK(chunk(x, 3, 1).size() == 3);
  CHECK(same(split(x, 2, 1)[1], {2, 1}, {3, 6}));
  CHECK(same(matmul(x, transpose(x, 0, 1)), {2, 2}, {14, 32, 32, 77}));
  CHECK(same(matmul(x, F{1, 0, 2}), {2}, {7, 16}));
  CHECK(same(matmul(F{1, 2}, x), {3}, {9, 12, 15}));
  CHECK(same(matmul(F{1, 2}, F{3, 4}), {}, {11}));
  CHECK(same(maximum(x, 7 - x), {2, 3}, {6, 5, 4, 4, 5, 6}));
  CHECK(same(maximum(x, 3), {2, 3}, {3, 3, 3, 4, 5, 6}));
  CHECK(same(minimum(2, x), {2, 3}, {1, 2, 2, 2, 2, 2}));
  const int rows = 2;
  const std::size_t columns = 3;
  CHECK(zeros<float>({rows, columns}).shape() == Shape{rows, 3});
  CHECK(reshape(x, {columns, -1}).shape() == Shape{3, rows});
  CHECK(equal(x, x));
  CHECK(allclose(x / 3 * 3, x));
  CHECK(allclose(x + 0.5, x, 0, 0.6));
  CHECK(same(embedding(x, IntArray({2}, {1, 0})), {2, 3}, {4, 5, 6, 1, 2, 3}));
  CHECK(same(index_select(x, 1, IntArray({1}, {2})), {2, 1}, {3, 6}));
  CHECK(same(gather(x, 1, IntArray({2, 1}, {2, 0})), {2, 1}, {3, 4}));
}

TEST_CASE("natural: record, checkpoint and hooks need no template arguments") {
  const F x({3}, {1, 2, 3}, kRequiresGrad);
  const F doubled =
      record("twice", {x}, x.value() * 2, [](auto& c) { c.accumulate(0, c.grad * 2); });
  CHECK(same(doubled, {3}, {2, 4, 6}));
  F y = checkpoint([](const auto& in) { return square(in[0]) * in[1]; }, {x, doubled});
  std::size_t called = 0;
  y.register_hook([&](const Array<float>& grad) { called += grad.size(); });  // returns nothing
  F z = y + 0;
  z.register_hook([](const Array<float>& grad) { return grad * 2; });
  sum(z).backward();
  CHECK(called == 3);
  CHECK(equal(x.grad(), Array<float>({3}, {12, 48, 108})));  // 2 x d(2 x^3) = 12 x^2
  const NoGrad no_grad;
  CHECK(!square(x).requires_grad());
}

TEST_CASE("natural: printing is PyTorch's") {
  CHECK(printed(F{{1, 2}, {3, 4}}) == "tensor([[1., 2.],\n        [3., 4.]])");
  CHECK(printed(F{1.5, -2}) == "tensor([ 1.5000, -2.0000])");
  CHECK(printed(F(3)) == "tensor(3.)");
  CHECK(printed(F(2.5)) == "tensor(2.5000)");
  CHECK(printed(F({2}, {1, 10}, kRequiresGrad)) == "tensor([ 1., 10.], requires_grad=True)");
  CHECK(printed(F(zeros<float>({0}))) == "tensor([])");
  CHECK(printed(F{1e-5, 1}) == "tensor([1.0000e-05, 1.0000e+00])");
  CHECK(printed(F{0.5, 2000}) == "tensor([5.0000e-01, 2.0000e+03])");
  CHECK(printed(F{1, 2000}) == "tensor([1.0000e+00, 2.0000e+03])");
  CHECK(printed(F{1e9f}) == "tensor([1.0000e+09])");
  CHECK(printed(F(zeros<float>({0, 3}))) == "tensor([], size=[0, 3])");
  CHECK(printed(IntArray({3}, {1, -20, 300})) == "array([  1, -20, 300])");
  CHECK(printed(F({2}, {1, 10}, kRequiresGrad) * 2) == "tensor([ 2., 20.], grad_fn=<mul>)");
  CHECK(printed(F{1, 2} > 1) == "mask([False,  True])");
  CHECK(printed(F(full<float>({12}, 1.5f))) ==
        "tensor([1.5000, 1.5000, 1.5000, 1.5000, 1.5000, 1.5000, 1.5000, 1.5000, 1.5000,\n"
        "        1.5000, 1.5000, 1.5000])");
  CHECK(printed(F{std::nanf(""), 1}) == "tensor([nan, 1.])");
  CHECK(printed(F{HUGE_VALF, 1.5}) == "tensor([   inf, 1.5000])");
  CHECK(printed(F(zeros<float>({2, 1, 2}))) == "tensor([[[0., 0.]],\n\n        [[0., 0.]]])");
  F large = zeros<float>({1001});
  large.mutable_value()(1000) = 12;
  CHECK(printed(large) == "tensor([ 0.,  0.,  0.,  ...,  0.,  0., 12.])");
  CHECK(printed(F(zeros<float>({40, 40}))) ==
        "tensor([[0., 0., 0.,  ..., 0., 0., 0.],\n"
        "        [0., 0., 0.,  ..., 0., 0., 0.],\n"
        "        [0., 0., 0.,  ..., 0., 0., 0.],\n"
        "        ...,\n"
        "        [0., 0., 0.,  ..., 0., 0., 0.],\n"
        "        [0., 0., 0.,  ..., 0., 0., 0.],\n"
        "        [0., 0., 0.,  ..., 0., 0., 0.]])");
}

TEST_CASE("natural: negative indices, shapes that print, a step by hand") {
  Array<float> a({2, 2}, {1, 2, 3, 4});
  CHECK(a(-1, 0) == 3);
  CHECK(message_of<ShapeError>([&] { a(0, 2); }) ==
        "array: need indices within [2, 2]; got 2 along axis 1");
  CHECK(message_of<ShapeError>([&] { a(-3, 0); }) ==
        "array: need indices within [2, 2]; got -3 along axis 0");
  CHECK(printed(a.shape()) == "[2, 2]");
  F w({2}, {1, 2}, kRequiresGrad);
  w.mutable_value() -= 0.5f * gradients(sum(square(w)), {w})[0];
  CHECK(same(w, {2}, {0, 0}));
}

}  // namespace
}  // namespace babelgrad
