// What the tests of autograd/ share: reproducible numbers, distances, and the messages of errors.
#pragma once

#include <cmath>
#include <cstdint>
#include <exception>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "babelgrad/autograd/ops.h"

namespace babelgrad {

// Uniform in [low, high); the same numbers on every platform and in every element type.
template <class T = double>
Array<T> random_array(const Shape& shape, std::uint64_t seed, double low = -1, double high = 1) {
  std::mt19937_64 generator(seed);
  Array<T> array = uninitialized<T>(shape);
  for (std::size_t i = 0; i < array.size(); ++i) {
    const double unit = std::ldexp(static_cast<double>(generator() >> 11), -53);
    array.data()[i] = static_cast<T>(low + (high - low) * unit);
  }
  return array;
}

template <class T = double>
Tensor<T> random_leaf(const Shape& shape, std::uint64_t seed, double low = -1, double high = 1) {
  return Tensor<T>(random_array<T>(shape, seed, low, high), kRequiresGrad);
}

inline IntArray ints(const Shape& shape, const std::vector<std::int32_t>& values) {
  return Array<std::int32_t>(shape, values);
}

template <class To, class From>
Array<To> converted(const Array<From>& from) {
  Array<To> to = uninitialized<To>(from.shape());
  for (std::size_t i = 0; i < from.size(); ++i) to.data()[i] = static_cast<To>(from.data()[i]);
  return to;
}

// The largest |a - b|; NaN if the shapes differ or any element is NaN, so that `< tolerance` fails.
template <class A, class B>
double max_difference(const Array<A>& a, const Array<B>& b) {
  if (a.shape() != b.shape()) return std::numeric_limits<double>::quiet_NaN();
  double worst = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double d = std::abs(static_cast<double>(a.data()[i]) - static_cast<double>(b.data()[i]));
    if (std::isnan(d)) return d;
    worst = std::max(worst, d);
  }
  return worst;
}

template <class A, class B>
double max_difference(const std::vector<Array<A>>& a, const std::vector<Array<B>>& b) {
  if (a.size() != b.size()) return std::numeric_limits<double>::quiet_NaN();
  double worst = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double d = max_difference(a[i], b[i]);
    if (std::isnan(d)) return d;
    worst = std::max(worst, d);
  }
  return worst;
}

// The largest absolute element, at least 1: what a relative tolerance refers to.
template <class T>
double magnitude(const Array<T>& array) {
  double most = 1;
  for (std::size_t i = 0; i < array.size(); ++i)
    most = std::max(most, std::abs(static_cast<double>(array.data()[i])));
  return most;
}

// sum(y * cotangent): a scalar whose gradient at y is the cotangent.
template <class T>
Tensor<T> weighted_sum(const Tensor<T>& y, const Array<T>& cotangent) {
  return sum(mul(y, Tensor<T>(cotangent)));
}

// What `call` returns where fused ops run as their definitions.
template <class Call>
auto composed(const Call& call) {
  const ComposedOps guard;
  return call();
}

// What `call` throws as Error, or what it does instead.
template <class Error, class Call>
std::string message_of(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  } catch (const std::exception& error) {
    return std::string("(another exception) ") + error.what();
  }
  return "(no error)";
}

}  // namespace babelgrad
