// Masks, and the ops that choose by one.
#include <algorithm>
#include <cmath>

#include "babelgrad/autograd/inspection/profile.h"
#include "babelgrad/autograd/ops.h"
#include "babelgrad/autograd/ops/each.h"
#include "babelgrad/autograd/ops/reduction.h"

namespace babelgrad {
namespace {

template <class F>
Mask combine(const char* op, const Mask& a, const Mask& b, const F& f) {
  return Mask(
      each_into<std::uint8_t>(broadcast_shape(op, a.shape(), b.shape()), f, a.bytes(), b.bytes()));
}

}  // namespace

Mask::Mask(const Shape& shape, std::initializer_list<bool> values)
    : bytes_(shape, std::vector<std::uint8_t>(values.begin(), values.end())) {}

Mask full_mask(const Shape& shape, bool value) { return Mask(full<std::uint8_t>(shape, value)); }

Mask nonzero(const IntArray& array) {
  return Mask(each_into<std::uint8_t>(
      array.shape(), [](std::int32_t v) { return v != 0; }, array));
}

Mask within_lengths(const IntArray& lengths, std::size_t steps) {
  if (lengths.rank() != 1)
    throw_shape_error("within_lengths", "need lengths [B]", {{"lengths", lengths.shape()}});
  for (const std::int32_t length : lengths)
    if (length < 0 || static_cast<std::size_t>(length) > steps)
      throw ShapeError("within_lengths: need lengths of 0 to " + std::to_string(steps) +
                       " steps; got " + std::to_string(length));
  Array<std::uint8_t> bytes = uninitialized<std::uint8_t>({lengths.size(), steps});
  for (std::size_t i = 0; i < bytes.size(); ++i)
    bytes.data()[i] = static_cast<std::int32_t>(i % steps) < lengths.data()[i / steps];
  return Mask(std::move(bytes));
}

Mask causal_mask(std::size_t queries, std::size_t keys) {
  Array<std::uint8_t> bytes = uninitialized<std::uint8_t>({queries, keys});
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes.data()[i] = i % keys <= i / keys;
  return Mask(std::move(bytes));
}

Mask operator!(const Mask& mask) {
  return Mask(each_into<std::uint8_t>(
      mask.shape(), [](std::uint8_t m) { return m == 0; }, mask.bytes()));
}

Mask operator&(const Mask& a, const Mask& b) {
  return combine("and", a, b, [](std::uint8_t u, std::uint8_t v) { return u & v; });
}

Mask operator|(const Mask& a, const Mask& b) {
  return combine("or", a, b, [](std::uint8_t u, std::uint8_t v) { return u | v; });
}

std::size_t count(const Mask& mask) {
  return static_cast<std::size_t>(std::count(mask.bytes().begin(), mask.bytes().end(), 1));
}

bool any(const Mask& mask) { return count(mask) > 0; }
bool all(const Mask& mask) { return count(mask) == mask.size(); }

namespace {

Mask any_along(const char* op, const Mask& mask, const Axes& axes, KeepDim keepdim) {
  const Reduction r(op, mask.shape(), axes, keepdim);
  Mask found = full_mask(r.kept, false);
  for_each_block(mask.shape(), r.kept, [&](const ReducedBlock& b) {
    std::uint8_t* to = found.data() + b.reduced;
    for (std::size_t row = 0; row < b.rows; ++row)
      for (std::size_t i = 0; i < b.cols; ++i)
        to[b.to_one ? row : i] |= mask.data()[b.dense + row * b.step + i];
  });
  return found.reshaped(r.result);
}

}  // namespace

Mask any(const Mask& mask, const Axes& axes, KeepDim keepdim) {
  return any_along("any", mask, axes, keepdim);
}

Mask all(const Mask& mask, const Axes& axes, KeepDim keepdim) {
  return !any_along("all", !mask, axes, keepdim);
}

bool equal(const Mask& a, const Mask& b) {
  return a.shape() == b.shape() &&
         std::equal(a.bytes().begin(), a.bytes().end(), b.bytes().begin());
}

template <class T>
bool equal(const Array<T>& a, const Array<T>& b) {
  return a.shape() == b.shape() && std::equal(a.begin(), a.end(), b.begin());
}

template <class T>
bool allclose(const Array<T>& a, const Array<T>& b, double relative, double absolute) {
  if (!(a.shape() == b.shape()))
    throw_shape_error("allclose", "need a and b of one shape",
                      {{"a", a.shape()}, {"b", b.shape()}});
  return std::equal(a.begin(), a.end(), b.begin(), [=](double u, double v) {
    return u == v || (std::isfinite(v) && std::abs(u - v) <= absolute + relative * std::abs(v));
  });
}

template <class T>
Mask compare(Comparison comparison, const Array<T>& a, const Array<T>& b) {
  const Shape shape = broadcast_shape("compare", a.shape(), b.shape());
  const auto by = [&](const auto& f) { return Mask(each_into<std::uint8_t>(shape, f, a, b)); };
  switch (comparison) {
    case Comparison::less:
      return by([](T u, T v) { return u < v; });
    case Comparison::less_equal:
      return by([](T u, T v) { return u <= v; });
    case Comparison::greater:
      return by([](T u, T v) { return u > v; });
    case Comparison::greater_equal:
      return by([](T u, T v) { return u >= v; });
    case Comparison::equal:
      return by([](T u, T v) { return u == v; });
    default:
      return by([](T u, T v) { return u != v; });
  }
}

template <class T>
Array<T> where(const Mask& mask, const Array<T>& a, const Array<T>& b) {
  Shape shape = broadcast_shape("where", a.shape(), b.shape());
  if (mask.shape() != shape) shape = broadcast_shape("where", shape, mask.shape());
  return each_into<T>(
      shape, [](std::uint8_t m, T u, T v) { return m != 0 ? u : v; }, mask.bytes(), a, b);
}

template <class T>
Tensor<T> where(const Mask& mask, const Tensor<T>& a, const Tensor<T>& b) {
  const ProfileScope profile("where");
  return record("where", {a, b}, where(mask, a.value(), b.value()), [mask = mask](auto& c) {
    if (c.wants(0)) c.accumulate(0, where(mask, c.grad, 0));
    if (c.wants(1)) c.accumulate(1, where(mask, 0, c.grad));
  });
}

template <class T>
Array<T> masked_fill(const Array<T>& x, const Mask& fill_where, std::type_identity_t<T> value) {
  if (!fill_where.given() || !broadcasts_to(fill_where.shape(), x.shape()))
    throw_shape_error("masked_fill", "need a mask that broadcasts to x",
                      {{"x", x.shape()}, {"fill_where", fill_where.shape()}});
  return where(fill_where, scalar(value), x);
}

template <class T>
Tensor<T> masked_fill(const Tensor<T>& x, const Mask& fill_where, std::type_identity_t<T> value) {
  const ProfileScope profile("masked_fill");
  return record("masked_fill", {x}, masked_fill(x.value(), fill_where, value),
                [mask = fill_where](auto& c) { c.accumulate(0, masked_fill(c.grad, mask, 0)); });
}

#define BABELGRAD_INSTANTIATE(T)                                                        \
  template bool equal(const Array<T>&, const Array<T>&);                                \
  template bool allclose(const Array<T>&, const Array<T>&, double, double);             \
  template Mask compare(Comparison, const Array<T>&, const Array<T>&);                  \
  template Array<T> where(const Mask&, const Array<T>&, const Array<T>&);               \
  template Tensor<T> where(const Mask&, const Tensor<T>&, const Tensor<T>&);            \
  template Array<T> masked_fill(const Array<T>&, const Mask&, std::type_identity_t<T>); \
  template Tensor<T> masked_fill(const Tensor<T>&, const Mask&, std::type_identity_t<T>);
BABELGRAD_INSTANTIATE(float)
BABELGRAD_INSTANTIATE(double)
#undef BABELGRAD_INSTANTIATE
template bool equal(const IntArray&, const IntArray&);
template Mask compare(Comparison, const IntArray&, const IntArray&);

}  // namespace babelgrad
