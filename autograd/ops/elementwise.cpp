// Arithmetic of two operands, broadcast against each other, and of one and a number.
#include "babelgrad/autograd/inspection/profile.h"
#include "babelgrad/autograd/ops.h"
#include "babelgrad/autograd/ops/each.h"

namespace babelgrad {
namespace {

template <class T, class F>
Array<T> binary(const char* op, const Array<T>& a, const Array<T>& b, const F& f) {
  if (a.shape() == b.shape()) return each_into<T>(a.shape(), f, a, b);
  return each_into<T>(broadcast_shape(op, a.shape(), b.shape()), f, a, b);
}

}  // namespace

template <class T>
Array<T> add(const Array<T>& a, const Array<T>& b) {
  return binary("add", a, b, [](T u, T v) { return u + v; });
}

template <class T>
Tensor<T> add(const Tensor<T>& a, const Tensor<T>& b) {
  const ProfileScope profile("add");
  return record("add", {a, b}, add(a.value(), b.value()), [](auto& c) {
    c.accumulate(0, c.grad);
    c.accumulate(1, c.grad);
  });
}

template <class T>
Array<T> sub(const Array<T>& a, const Array<T>& b) {
  return binary("sub", a, b, [](T u, T v) { return u - v; });
}

template <class T>
Tensor<T> sub(const Tensor<T>& a, const Tensor<T>& b) {
  const ProfileScope profile("sub");
  return record("sub", {a, b}, sub(a.value(), b.value()), [](auto& c) {
    c.accumulate(0, c.grad);
    if (c.wants(1)) c.accumulate(1, -c.grad);
  });
}

template <class T>
Array<T> mul(const Array<T>& a, const Array<T>& b) {
  return binary("mul", a, b, [](T u, T v) { return u * v; });
}

template <class T>
Tensor<T> mul(const Tensor<T>& a, const Tensor<T>& b) {
  const ProfileScope profile("mul");
  return record("mul", {a, b}, mul(a.value(), b.value()), [](auto& c) {
    if (c.wants(0)) c.accumulate(0, c.grad * c.in(1));
    if (c.wants(1)) c.accumulate(1, c.grad * c.in(0));
  });
}

template <class T>
Array<T> div(const Array<T>& a, const Array<T>& b) {
  return binary("div", a, b, [](T u, T v) { return u / v; });
}

template <class T>
Tensor<T> div(const Tensor<T>& a, const Tensor<T>& b) {
  const ProfileScope profile("div");
  return record("div", {a, b}, div(a.value(), b.value()), [](auto& c) {
    const auto g = c.grad / c.in(1);
    if (c.wants(1)) c.accumulate(1, each([](auto d, auto y) { return -d * y; }, g, c.out()));
    c.accumulate(0, g);
  });
}

template <class T>
Array<T> add(const Array<T>& x, std::type_identity_t<T> number) {
  return each([number](T v) { return v + number; }, x);
}

template <class T>
Tensor<T> add(const Tensor<T>& x, std::type_identity_t<T> number) {
  const ProfileScope profile("add");
  return record("add", {x}, add(x.value(), number), [](auto& c) { c.accumulate(0, c.grad); });
}

template <class T>
Array<T> mul(const Array<T>& x, std::type_identity_t<T> number) {
  return each([number](T v) { return number * v; }, x);
}

template <class T>
Tensor<T> mul(const Tensor<T>& x, std::type_identity_t<T> number) {
  const ProfileScope profile("mul");
  return record("mul", {x}, mul(x.value(), number),
                [number](auto& c) { c.accumulate(0, c.grad * number); });
}

template <class T>
Array<T> minimum(const Array<T>& a, const Array<T>& b) {  // NaN wins
  return binary("minimum", a, b, [](T u, T v) { return u < v || u != u ? u : v; });
}

template <class T>
Array<T> maximum(const Array<T>& a, const Array<T>& b) {
  return binary("maximum", a, b, [](T u, T v) { return u > v || u != u ? u : v; });
}

namespace {

// Equal elements share the gradient, as in PyTorch. `wins`: which of two operands is chosen.
template <class T, class Wins>
Tensor<T> record_choice(const char* name, const Tensor<T>& a, const Tensor<T>& b, Array<T> value,
                        Wins wins) {
  return record(name, {a, b}, std::move(value), [wins](auto& c) {
    const auto slope = [wins](auto g, auto own, auto other) {
      return where(own == other, g * T(0.5), where(wins(own, other), g, 0));
    };
    if (c.wants(0)) c.accumulate(0, each(slope, c.grad, c.in(0), c.in(1)));
    if (c.wants(1)) c.accumulate(1, each(slope, c.grad, c.in(1), c.in(0)));
  });
}

}  // namespace

template <class T>
Tensor<T> minimum(const Tensor<T>& a, const Tensor<T>& b) {
  const ProfileScope profile("minimum");
  return record_choice("minimum", a, b, minimum(a.value(), b.value()),
                       [](const auto& u, const auto& v) { return u < v; });
}

template <class T>
Tensor<T> maximum(const Tensor<T>& a, const Tensor<T>& b) {
  const ProfileScope profile("maximum");
  return record_choice("maximum", a, b, maximum(a.value(), b.value()),
                       [](const auto& u, const auto& v) { return u > v; });
}

#define BABELGRAD_INSTANTIATE_BINARY(T, name)               \
  template Array<T> name(const Array<T>&, const Array<T>&); \
  template Tensor<T> name(const Tensor<T>&, const Tensor<T>&);
#define BABELGRAD_INSTANTIATE(T)                                     \
  BABELGRAD_INSTANTIATE_BINARY(T, add)                               \
  BABELGRAD_INSTANTIATE_BINARY(T, sub)                               \
  BABELGRAD_INSTANTIATE_BINARY(T, mul)                               \
  BABELGRAD_INSTANTIATE_BINARY(T, div)                               \
  BABELGRAD_INSTANTIATE_BINARY(T, minimum)                           \
  BABELGRAD_INSTANTIATE_BINARY(T, maximum)                           \
  template Array<T> add(const Array<T>&, std::type_identity_t<T>);   \
  template Tensor<T> add(const Tensor<T>&, std::type_identity_t<T>); \
  template Array<T> mul(const Array<T>&, std::type_identity_t<T>);   \
  template Tensor<T> mul(const Tensor<T>&, std::type_identity_t<T>);
BABELGRAD_INSTANTIATE(float)
BABELGRAD_INSTANTIATE(double)
#undef BABELGRAD_INSTANTIATE
#undef BABELGRAD_INSTANTIATE_BINARY

}  // namespace babelgrad
