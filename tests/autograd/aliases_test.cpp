// Storage: what shares its elements and what copies them, and that changes are noticed.
#include <doctest/doctest.h>

#include "babelgrad/autograd/backward.h"
#include "tests/autograd/helpers.h"

namespace babelgrad {
namespace {

using D = Tensor<double>;

TEST_CASE("a copy copies, an alias shares, nothing copies on write") {
  Array<double> a({2, 2}, {1, 2, 3, 4});
  Array<double> copy = a, alias = a.alias(), row = a.leading(1, 2);
  a(1, 0) = 7;
  CHECK(copy(1, 0) == 3);
  CHECK(alias(1, 0) == 7);
  CHECK(row(0, 0) == 7);
  CHECK(a.reshaped({4})(2) == 7);
  CHECK(row.shape() == Shape{1, 2});
  alias = copy;  // assigning to one name leaves the others alone
  CHECK(a(1, 0) == 7);
}

TEST_CASE("reshape, detach, squeeze, select and slices of leading positions copy nothing") {
  const D x = random_leaf({4, 1, 3}, 1);
  const double* elements = x.value().data();
  const auto at = [](const D& y) { return y.value().data(); };
  CHECK(at(reshape(x, {2, -1})) == elements);
  CHECK(at(x.detach()) == elements);
  CHECK(at(squeeze(x, 1)) == elements);
  CHECK(at(unsqueeze(x, 0)) == elements);
  CHECK(at(flatten(x)) == elements);
  CHECK(at(x[2]) == elements + 6);
  CHECK(at(slice(x, 0, 1, 3)) == elements + 3);
  CHECK(at(slice(unsqueeze(x, 0), 1, 1, 3)) == elements + 3);
  CHECK(at(identity(x)) == elements);
  const std::size_t before = live_array_bytes();
  const D large = D(zeros<double>({1 << 16}));
  const std::size_t with_one = live_array_bytes() - before;
  const D same = reshape(slice(large.detach(), 0, 1 << 15, 1 << 16), {2, -1});
  CHECK(live_array_bytes() - before < with_one + 8192);  // nodes alone
}

TEST_CASE("a value changed between forward and backward is noticed") {
  D w = D({2}, {1, 2}, kRequiresGrad).set_name("w"), x({2}, {3, 4}, kRequiresGrad);
  const D y = mul(w, x);
  w.mutable_value().data()[0] = 5;
  CHECK(message_of<GraphError>([&] {
          gradients(sum(y), {w, x});
        }) ==
        "backward of mul: its input 0, w [2], was changed after mul ran, so its gradient would be "
        "wrong");
  const D through_alias = square(reshape(x, {1, 2}));
  x.mutable_value().fill(0);
  CHECK(message_of<GraphError>([&] { gradients(sum(through_alias), {x}); }) ==
        "backward of square: its input 0, [1, 2], was changed after square ran, so its gradient "
        "would be wrong");
  const D e = exp(x);
  e.detach().mutable_value().fill(9);
  CHECK(message_of<GraphError>([&] { gradients(sum(e), {x}); }) ==
        "backward of exp: its output, [2], was changed after exp ran, so its gradient would be "
        "wrong");
}

TEST_CASE("attention weights that were handed out and changed are noticed") {
  const D q = random_leaf({2, 1, 3}, 1), k = random_leaf({4, 1, 3}, 2);
  const Attention<double> attended = dot_attention(q, k, k);
  attended.weights.detach().mutable_value().fill(0.25);
  CHECK(
      message_of<GraphError>([&] { gradients(sum(attended.context), {q}); }) ==
      "backward of dot_attention: an array of its weights was changed after dot_attention ran, so "
      "its gradient would be wrong");
}

TEST_CASE("a change of what no gradient reads is none") {
  D x({2}, {3, 4}, kRequiresGrad);
  const D y = x + 1, e = exp(x);
  x.mutable_value().fill(0);
  CHECK(gradients(sum(y), {x})[0](1) == 1);
  CHECK(gradients(sum(e), {x})[0](1) == std::exp(4));  // of the output alone
}

TEST_CASE("a write through an array that shares a tensor's elements is noticed") {
  const std::vector<std::function<void(const Array<double>&)>> writes{
      [](const auto& value) {
        Array<double> flat = reshape(value, {-1});
        flat(0) += 10;
      },
      [](const auto& value) { value.leading(0, 1).fill(7); },
      [](const auto& value) {
        for (double& v : slice(value, 0, 0, 1)) v /= 2;
      },
      [](const auto& value) {
        Array<double> alias = value.alias();
        alias(0, 0) = 3;
      }};
  for (const auto& write : writes) {
    const D x({2, 1}, {3, 4}, kRequiresGrad);
    const D loss = sum(square(x));
    write(x.value());
    CHECK_THROWS_AS(loss.backward(), GraphError);
  }
  const D x({2, 1}, {3, 4}, kRequiresGrad);
  const D loss = sum(square(x));
  Array<double> own = x.value();
  own.fill(0);
  CHECK(reshape(x.value(), {-1})(1) == 4);  // reading is no write
  loss.backward();
  CHECK(x.grad()(1, 0) == 8);
}

TEST_CASE("the value of a leaf keeps its shape") {
  D x({2}, {3, 4});
  CHECK(message_of<ShapeError>([&] { x.mutable_value() = zeros<double>({3}); }) ==
        "mutable_value: need an array of the tensor's shape; got tensor [2], array [3]");
  x.mutable_value() = Array<double>({2}, {5, 6});
  CHECK(x(1) == 6);
  D other({2}, {1, 2});
  other.mutable_value() = x.mutable_value();
  CHECK(other(1) == 6);
  const D alias = x.detach();
  x.mutable_value() = Array<double>({2}, {7, 8});
  CHECK(alias(1) == 8);
}

TEST_CASE("gradients that come to several leaves at once are arrays of their own") {
  const D a({2}, {1, 2}, kRequiresGrad), b({2}, {3, 4}, kRequiresGrad);
  auto g = gradients(sum(a + b), {a, b});
  g[0].fill(9);
  CHECK(g[1](0) == 1);
  D c = a + b, loss = sum(c * c) + sum(c);  // shared while under way
  c.retain_grad();
  loss.backward();
  CHECK(c.grad()(0) == 9);
  CHECK(a.grad()(0) == 9);
  CHECK(b.grad()(0) == 9);
}

TEST_CASE("gradients names a leaf that the loss does not depend on") {
  D w = random_leaf({2}, 1).set_name("w"), unused = random_leaf({3}, 2).set_name("unused");
  CHECK(message_of<GraphError>([&] {
          gradients(sum(w), {w, unused});
        }) ==
        "gradients: the loss does not depend on leaf 1, unused [3]; with allow_unused its gradient "
        "is zeros");
  CHECK(message_of<GraphError>([&] {
          gradients(sum(w), {w, unused.detach()});
        }) ==
        "gradients: the loss does not depend on leaf 1, [3], which requires no gradient; with "
        "allow_unused its gradient is zeros");
  CHECK(gradients(sum(w), {w, unused}, {.allow_unused = true})[1](2) == 0);
}

}  // namespace
}  // namespace babelgrad
