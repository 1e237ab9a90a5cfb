// Functions of one number, element by element. Each has one formula for its gradient, written with
// g (the gradient of the result) and x (its argument) or y (its value): over numbers in a backward
// pass, over tensors where the gradient is differentiated again.
#include <cmath>
#include <numbers>

#include "babelgrad/autograd/inspection/profile.h"
#include "babelgrad/autograd/kernels/kernels.h"
#include "babelgrad/autograd/ops.h"
#include "babelgrad/autograd/ops/each.h"

namespace babelgrad {
namespace {

// x to the power of e; small whole powers without std::pow, which is 20 times slower.
template <class T>
Array<T> power(const Array<T>& x, T e) {
  if (e == T(1)) return x;
  if (e == T(2)) return each([](T v) { return v * v; }, x);
  if (e == T(3)) return each([](T v) { return v * v * v; }, x);
  if (e == T(-1)) return each([](T v) { return T(1) / v; }, x);
  if (e == T(-2)) return each([](T v) { return T(1) / (v * v); }, x);
  return each([e](T v) { return std::pow(v, e); }, x);
}

template <class T>
Array<T> by_kernel(void (*kernel)(std::size_t, const T*, T*), const Array<T>& x) {
  require_given(x);
  Array<T> y = uninitialized<T>(x.shape());
  kernel(y.size(), x.data(), y.data());
  return y;
}

// The gradient as a formula of g and x, or of g and y.
template <class T, class F>
Tensor<T> record_by_input(const char* name, const Tensor<T>& x, Array<T> y, F slope) {
  return record(name, {x}, std::move(y),
                [slope](auto& c) { c.accumulate(0, each(slope, c.grad, c.in(0))); });
}
template <class T, class F>
Tensor<T> record_by_output(const char* name, const Tensor<T>& x, Array<T> y, F slope) {
  return record(name, {x}, std::move(y),
                [slope](auto& c) { c.accumulate(0, each(slope, c.grad, c.out())); });
}

// Where a kernel does the same over arrays.
template <class T>
Array<T> tanh_slope(const Array<T>& g, const Array<T>& y) {
  Array<T> dx = uninitialized<T>(y.shape());
  kernels<T>().tanh_backward(y.size(), y.data(), g.data(), dx.data());
  return dx;
}
template <class T>
Tensor<T> tanh_slope(const Tensor<T>& g, const Tensor<T>& y) {
  return g * (1 - y * y);
}
template <class T>
Array<T> sigmoid_slope(const Array<T>& g, const Array<T>& y) {
  Array<T> dx = uninitialized<T>(y.shape());
  kernels<T>().sigmoid_backward(y.size(), y.data(), g.data(), dx.data());
  return dx;
}
template <class T>
Tensor<T> sigmoid_slope(const Tensor<T>& g, const Tensor<T>& y) {
  return g * y * (1 - y);
}

}  // namespace

template <class T>
Array<T> neg(const Array<T>& x) {
  return each([](T v) { return -v; }, x);
}
template <class T>
Tensor<T> neg(const Tensor<T>& x) {
  const ProfileScope profile("neg");
  return record("neg", {x}, neg(x.value()), [](auto& c) { c.accumulate(0, -c.grad); });
}

template <class T>
Array<T> abs(const Array<T>& x) {
  return each([](T v) { return std::abs(v); }, x);
}
template <class T>
Tensor<T> abs(const Tensor<T>& x) {
  const ProfileScope profile("abs");
  return record_by_input("abs", x, abs(x.value()),
                         [](auto g, auto v) { return where(v > 0, g, where(v < 0, -g, 0)); });
}

template <class T>
Array<T> square(const Array<T>& x) {
  return each([](T v) { return v * v; }, x);
}
template <class T>
Tensor<T> square(const Tensor<T>& x) {
  const ProfileScope profile("square");
  return record_by_input("square", x, square(x.value()),
                         [](auto g, auto v) { return g * (v * 2); });
}

template <class T>
Array<T> sqrt(const Array<T>& x) {
  return each([](T v) { return std::sqrt(v); }, x);
}
template <class T>
Tensor<T> sqrt(const Tensor<T>& x) {
  const ProfileScope profile("sqrt");
  return record_by_output("sqrt", x, sqrt(x.value()),
                          [](auto g, auto y) { return T(0.5) * g / y; });
}

template <class T>
Array<T> reciprocal(const Array<T>& x) {
  return each([](T v) { return T(1) / v; }, x);
}
template <class T>
Tensor<T> reciprocal(const Tensor<T>& x) {
  const ProfileScope profile("reciprocal");
  return record_by_output("reciprocal", x, reciprocal(x.value()),
                          [](auto g, auto y) { return -g * y * y; });
}

template <class T>
Array<T> exp(const Array<T>& x) {
  require_given(x);
  Array<T> y = uninitialized<T>(x.shape());
  kernels<T>().exp(y.size(), x.data(), T(0), y.data());
  return y;
}
template <class T>
Tensor<T> exp(const Tensor<T>& x) {
  const ProfileScope profile("exp");
  return record_by_output("exp", x, exp(x.value()), [](auto g, auto y) { return g * y; });
}

template <class T>
Array<T> expm1(const Array<T>& x) {
  return by_kernel(kernels<T>().expm1, x);
}
template <class T>
Tensor<T> expm1(const Tensor<T>& x) {
  const ProfileScope profile("expm1");
  return record_by_output("expm1", x, expm1(x.value()), [](auto g, auto y) { return g * (y + 1); });
}

template <class T>
Array<T> log(const Array<T>& x) {
  return by_kernel(kernels<T>().log, x);
}
template <class T>
Tensor<T> log(const Tensor<T>& x) {
  const ProfileScope profile("log");
  return record_by_input("log", x, log(x.value()), [](auto g, auto v) { return g / v; });
}

template <class T>
Array<T> log1p(const Array<T>& x) {
  return by_kernel(kernels<T>().log1p, x);
}
template <class T>
Tensor<T> log1p(const Tensor<T>& x) {
  const ProfileScope profile("log1p");
  return record_by_input("log1p", x, log1p(x.value()), [](auto g, auto v) { return g / (v + 1); });
}

template <class T>
Array<T> sin(const Array<T>& x) {
  return each([](T v) { return std::sin(v); }, x);
}
template <class T>
Tensor<T> sin(const Tensor<T>& x) {
  const ProfileScope profile("sin");
  return record("sin", {x}, sin(x.value()), [](auto& c) {
    const auto slopes = [](const auto& g, const auto& v) { return g * cos(v); };
    c.accumulate(0, in_blocks(slopes, c.grad, c.in(0)));
  });
}

template <class T>
Array<T> cos(const Array<T>& x) {
  return each([](T v) { return std::cos(v); }, x);
}
template <class T>
Tensor<T> cos(const Tensor<T>& x) {
  const ProfileScope profile("cos");
  return record("cos", {x}, cos(x.value()), [](auto& c) {
    const auto slopes = [](const auto& g, const auto& v) { return -(g * sin(v)); };
    c.accumulate(0, in_blocks(slopes, c.grad, c.in(0)));
  });
}

template <class T>
Array<T> tanh(const Array<T>& x) {
  return by_kernel(kernels<T>().tanh, x);
}
template <class T>
Tensor<T> tanh(const Tensor<T>& x) {
  const ProfileScope profile("tanh");
  return record("tanh", {x}, tanh(x.value()),
                [](auto& c) { c.accumulate(0, tanh_slope(c.grad, c.out())); });
}

template <class T>
Array<T> sigmoid(const Array<T>& x) {
  return by_kernel(kernels<T>().sigmoid, x);
}
template <class T>
Tensor<T> sigmoid(const Tensor<T>& x) {
  const ProfileScope profile("sigmoid");
  return record("sigmoid", {x}, sigmoid(x.value()),
                [](auto& c) { c.accumulate(0, sigmoid_slope(c.grad, c.out())); });
}

template <class T>
Array<T> erf(const Array<T>& x) {
  return by_kernel(kernels<T>().erf, x);
}
template <class T>
Tensor<T> erf(const Tensor<T>& x) {
  const ProfileScope profile("erf");
  return record("erf", {x}, erf(x.value()), [](auto& c) {
    const auto slopes = [](const auto& g, const auto& v) {
      return g * exp(-square(v)) * T(2 * std::numbers::inv_sqrtpi);
    };
    c.accumulate(0, in_blocks(slopes, c.grad, c.in(0)));
  });
}

template <class T>
Array<T> relu(const Array<T>& x) {
  return each([](T v) { return v < T(0) ? T(0) : v; }, x);  // NaN stays
}
template <class T>
Tensor<T> relu(const Tensor<T>& x) {
  const ProfileScope profile("relu");
  return record_by_input("relu", x, relu(x.value()),
                         [](auto g, auto v) { return where(v > 0, g, 0); });
}

template <class T>
Array<T> pow(const Array<T>& x, std::type_identity_t<T> exponent) {
  return power<T>(x, exponent);
}
template <class T>
Tensor<T> pow(const Tensor<T>& x, std::type_identity_t<T> exponent) {
  const ProfileScope profile("pow");
  return record("pow", {x}, pow(x.value(), exponent), [exponent](auto& c) {
    if (exponent == T(0)) return c.accumulate(0, where(full_mask(c.shape(0), false), c.grad, 0));
    const auto slopes = [exponent](const auto& g, const auto& v) {
      return g * (pow(v, exponent - T(1)) * exponent);
    };
    c.accumulate(0, in_blocks(slopes, c.grad, c.in(0)));
  });
}

template <class T>
Array<T> clamp(const Array<T>& x, std::type_identity_t<T> low, std::type_identity_t<T> high) {
  if (!(low <= high))
    throw ShapeError("clamp: need low <= high; got low " + std::to_string(low) + ", high " +
                     std::to_string(high));
  return each(
      [=](T v) {
        const T raised = v < low ? low : v;
        return high < raised ? high : raised;
      },
      x);
}
template <class T>
Tensor<T> clamp(const Tensor<T>& x, std::type_identity_t<T> low, std::type_identity_t<T> high) {
  const ProfileScope profile("clamp");
  return record_by_input("clamp", x, clamp(x.value(), low, high), [low, high](auto g, auto v) {
    return where(v >= low, where(v <= high, g, 0), 0);
  });
}

#define BABELGRAD_INSTANTIATE_UNARY(T, name) \
  template Array<T> name(const Array<T>&);   \
  template Tensor<T> name(const Tensor<T>&);
#define BABELGRAD_INSTANTIATE(T)                                                              \
  BABELGRAD_INSTANTIATE_UNARY(T, neg)                                                         \
  BABELGRAD_INSTANTIATE_UNARY(T, abs)                                                         \
  BABELGRAD_INSTANTIATE_UNARY(T, square)                                                      \
  BABELGRAD_INSTANTIATE_UNARY(T, sqrt)                                                        \
  BABELGRAD_INSTANTIATE_UNARY(T, reciprocal)                                                  \
  BABELGRAD_INSTANTIATE_UNARY(T, exp)                                                         \
  BABELGRAD_INSTANTIATE_UNARY(T, expm1)                                                       \
  BABELGRAD_INSTANTIATE_UNARY(T, log)                                                         \
  BABELGRAD_INSTANTIATE_UNARY(T, log1p)                                                       \
  BABELGRAD_INSTANTIATE_UNARY(T, sin)                                                         \
  BABELGRAD_INSTANTIATE_UNARY(T, cos)                                                         \
  BABELGRAD_INSTANTIATE_UNARY(T, tanh)                                                        \
  BABELGRAD_INSTANTIATE_UNARY(T, sigmoid)                                                     \
  BABELGRAD_INSTANTIATE_UNARY(T, erf)                                                         \
  BABELGRAD_INSTANTIATE_UNARY(T, relu)                                                        \
  template Array<T> pow(const Array<T>&, std::type_identity_t<T>);                            \
  template Tensor<T> pow(const Tensor<T>&, std::type_identity_t<T>);                          \
  template Array<T> clamp(const Array<T>&, std::type_identity_t<T>, std::type_identity_t<T>); \
  template Tensor<T> clamp(const Tensor<T>&, std::type_identity_t<T>, std::type_identity_t<T>);
BABELGRAD_INSTANTIATE(float)
BABELGRAD_INSTANTIATE(double)
#undef BABELGRAD_INSTANTIATE
#undef BABELGRAD_INSTANTIATE_UNARY

}  // namespace babelgrad
