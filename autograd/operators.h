// Operators over arrays and over tensors, with each other and with numbers: + - * / and the
// comparisons, which make masks, also of arrays of whole numbers. Arrays and tensors do not mix.
#pragma once

#include <concepts>

#include "babelgrad/autograd/array_ops.h"
#include "babelgrad/autograd/tensor.h"

namespace babelgrad {

template <class V>
struct ValueTraits {
  static constexpr bool is_value = false;
};
template <std::floating_point T>
struct ValueTraits<Array<T>> {
  static constexpr bool is_value = true;
  using Element = T;
};
template <std::floating_point T>
struct ValueTraits<Tensor<T>> : ValueTraits<Array<T>> {};

template <class V>
concept Value = ValueTraits<V>::is_value;  // an Array<T> or a Tensor<T>
template <Value V>
using ElementOf = typename ValueTraits<V>::Element;

// A constant of rank 0.
template <Value V, Number N>
V constant(N number) {
  return V(scalar(static_cast<ElementOf<V>>(number)));
}

template <Value V>
V operator+(const V& a, const V& b) {
  return add(a, b);
}
template <Value V, Number N>
V operator+(const V& x, N number) {
  return add(x, static_cast<ElementOf<V>>(number));
}
template <Value V, Number N>
V operator+(N number, const V& x) {
  return x + number;
}
template <Value V>
V operator-(const V& a, const V& b) {
  return sub(a, b);
}
template <Value V, Number N>
V operator-(const V& x, N number) {
  return add(x, -static_cast<ElementOf<V>>(number));
}
template <Value V, Number N>
V operator-(N number, const V& x) {
  return sub(constant<V>(number), x);
}
template <Value V>
V operator-(const V& x) {
  return neg(x);
}
template <Value V>
V operator*(const V& a, const V& b) {
  return mul(a, b);
}
template <Value V, Number N>
V operator*(const V& x, N number) {
  return mul(x, static_cast<ElementOf<V>>(number));
}
template <Value V, Number N>
V operator*(N number, const V& x) {
  return x * number;
}
template <Value V>
V operator/(const V& a, const V& b) {
  return div(a, b);
}
template <Value V, Number N>
V operator/(const V& x, N number) {
  return div(x, constant<V>(number));
}
template <Value V, Number N>
V operator/(N number, const V& x) {
  return div(constant<V>(number), x);
}

// += and the like assign the result of the op: other handles of the old value keep it.
template <Value V, class Other>
V& operator+=(V& x, const Other& other) {
  return x = x + other;
}
template <Value V, class Other>
V& operator-=(V& x, const Other& other) {
  return x = x - other;
}
template <Value V, class Other>
V& operator*=(V& x, const Other& other) {
  return x = x * other;
}
template <Value V, class Other>
V& operator/=(V& x, const Other& other) {
  return x = x / other;
}

template <class T>
const Array<T>& elements(const Array<T>& x) {
  return x;
}
template <class T>
const Array<T>& elements(const Tensor<T>& x) {
  return x.value();
}

#define BABELGRAD_COMPARISON(symbol, name, mirrored)                                         \
  template <Value V>                                                                         \
  Mask operator symbol(const V& a, const V& b) {                                             \
    return compare(Comparison::name, elements(a), elements(b));                              \
  }                                                                                          \
  template <Value V, Number N>                                                               \
  Mask operator symbol(const V& a, N b) {                                                    \
    return compare(Comparison::name, elements(a), scalar(static_cast<ElementOf<V>>(b)));     \
  }                                                                                          \
  template <Value V, Number N>                                                               \
  Mask operator symbol(N a, const V& b) {                                                    \
    return compare(Comparison::mirrored, elements(b), scalar(static_cast<ElementOf<V>>(a))); \
  }                                                                                          \
  inline Mask operator symbol(const IntArray& a, const IntArray& b) {                        \
    return compare(Comparison::name, a, b);                                                  \
  }                                                                                          \
  inline Mask operator symbol(const IntArray& a, std::same_as<std::int32_t> auto b) {        \
    return compare(Comparison::name, a, scalar(b));                                          \
  }                                                                                          \
  inline Mask operator symbol(std::same_as<std::int32_t> auto a, const IntArray& b) {        \
    return compare(Comparison::mirrored, b, scalar(a));                                      \
  }
BABELGRAD_COMPARISON(<, less, greater)
BABELGRAD_COMPARISON(<=, less_equal, greater_equal)
BABELGRAD_COMPARISON(>, greater, less)
BABELGRAD_COMPARISON(>=, greater_equal, less_equal)
BABELGRAD_COMPARISON(==, equal, equal)
BABELGRAD_COMPARISON(!=, not_equal, not_equal)
#undef BABELGRAD_COMPARISON

// The smaller or larger of each element and a number.
template <Value V, Number N>
V minimum(const V& x, N number) {
  return minimum(x, constant<V>(number));
}
template <Value V, Number N>
V minimum(N number, const V& x) {
  return minimum(constant<V>(number), x);
}
template <Value V, Number N>
V maximum(const V& x, N number) {
  return maximum(x, constant<V>(number));
}
template <Value V, Number N>
V maximum(N number, const V& x) {
  return maximum(constant<V>(number), x);
}

// The choice by a mask with a number on one side.
template <Value V, Number N>
V where(const Mask& mask, const V& a, N b) {
  return where(mask, a, constant<V>(b));
}
template <Value V, Number N>
V where(const Mask& mask, N a, const V& b) {
  return where(mask, constant<V>(a), b);
}

}  // namespace babelgrad
