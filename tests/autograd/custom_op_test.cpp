// An op of one's own, as a program that uses the library writes it: the forward computation, and
// its vector-Jacobian product as the closure below. gradcheck then tells whether the two agree.
#include <doctest/doctest.h>

#include "babelgrad/autograd/backward.h"
#include "babelgrad/autograd/inspection/gradcheck.h"
#include "babelgrad/autograd/vjp.h"
#include "tests/autograd/helpers.h"

namespace babelgrad {
namespace {

// smooth_relu(x) = log(1 + exp(x)); its derivative is sigmoid(x) = 1 - exp(-smooth_relu(x)), so the
// output, which the node holds anyway, is all that the closure needs. It reads that from `c` and
// never captures the resulting Tensor, which would hold itself alive.
template <class T>
Tensor<T> smooth_relu(const Tensor<T>& x) {
  Array<T> y = uninitialized<T>(x.shape());
  for (std::size_t i = 0; i < y.size(); ++i) {
    const T v = x.value().data()[i];
    y.data()[i] = std::max(v, T(0)) + std::log1p(std::exp(-std::abs(v)));
  }
  return record<T>("smooth_relu", {x}, std::move(y), [](Vjp<T>& c) {
    Array<T> dx = c.take_grad();
    for (std::size_t i = 0; i < dx.size(); ++i) dx.data()[i] *= -std::expm1(-c.out().data()[i]);
    c.accumulate(0, std::move(dx));
  });
}

// An op of two inputs that checks its shapes, computes only the gradients that are wanted, and
// writes one of them in place: a [M, N], b [M] -> row i of a times b[i].
template <class T>
Tensor<T> scale_rows(const Tensor<T>& a, const Tensor<T>& b) {
  if (a.rank() != 2 || b.rank() != 1 || a.dim(0) != b.dim(0))
    throw_shape_error("scale_rows", "need a [M, N] and b [M]",
                      {{"a", a.shape()}, {"b", b.shape()}});
  const std::size_t n = a.dim(1);
  Array<T> y = a.value();
  for (std::size_t i = 0; i < y.size(); ++i) y.data()[i] *= b.value().data()[i / n];
  return record<T>("scale_rows", {a, b}, std::move(y), [n](Vjp<T>& c) {
    if (c.wants(1)) {
      T* db = c.sum_buffer(1);
      for (std::size_t i = 0; i < c.grad.size(); ++i)
        db[i / n] += c.grad.data()[i] * c.in(0).data()[i];
    }
    if (c.wants(0)) {
      Array<T> da = c.take_grad();
      for (std::size_t i = 0; i < da.size(); ++i) da.data()[i] *= c.in(1).data()[i / n];
      c.accumulate(0, std::move(da));
    }
  });
}

TEST_CASE("a custom op: smooth_relu") {
  const auto fn = [](const std::vector<Tensor<double>>& in) { return smooth_relu(in[0]); };
  CHECK_NOTHROW(gradcheck(fn, {random_leaf({3, 4}, 1, -30, 30)}));
  const Tensor<float> x({3}, {-200, 0, 200}, kRequiresGrad), y = smooth_relu(x);
  CHECK(std::string(y.op()) == "smooth_relu");
  CHECK(max_difference(y.value(), Array<float>({3}, std::vector<float>{0, 0.6931472f, 200})) <
        1e-6);
  CHECK(max_difference(gradients(sum(y), {x})[0],
                       Array<float>({3}, std::vector<float>{0, 0.5f, 1})) < 1e-6);
}

TEST_CASE("a custom op of two inputs") {
  const auto fn = [](const std::vector<Tensor<double>>& in) { return scale_rows(in[0], in[1]); };
  const Tensor<double> a = random_leaf({3, 2}, 1), b = random_leaf({3}, 2);
  CHECK_NOTHROW(gradcheck(fn, {a, b}));
  CHECK_NOTHROW(gradcheck(fn, {a.detach(), b}));
  CHECK_NOTHROW(gradcheck(fn, {a, b.detach()}));
  CHECK(message_of<ShapeError>([&] { scale_rows(a, random_leaf({2}, 1)); }) ==
        "scale_rows: need a [M, N] and b [M]; got a [3, 2], b [2]");
}

TEST_CASE("records_history tells an op whether arrays are worth saving") {
  const Tensor<double> x = random_leaf({2}, 1), undefined;
  CHECK(records_history<double>({undefined, x}));
  CHECK_FALSE(records_history<double>({x.detach(), undefined}));
  const NoGrad no_grad;
  CHECK_FALSE(records_history<double>({x}));
}

}  // namespace
}  // namespace babelgrad
