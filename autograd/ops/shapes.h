// Ops on shapes that are made of others: for arrays and tensors alike, part of ops.h.
#pragma once

#include <limits>

#include "babelgrad/autograd/operators.h"
#include "babelgrad/autograd/random.h"

namespace babelgrad {

template <Value V>
V cat(std::initializer_list<V> parts, std::ptrdiff_t axis = 0) {
  return cat(std::vector<V>(parts), axis);
}

// A new axis of size 1 before the given one (-1: at the end).
template <Value V>
V unsqueeze(const V& x, std::ptrdiff_t axis) {
  Shape shape = x.shape();
  shape.push_back(1);
  const std::size_t place = checked_axis("unsqueeze", axis, shape);
  shape = x.shape();
  shape.insert(place, 1);
  return reshape(x, shape);
}

// Without an axis, which must have size 1.
template <Value V>
V squeeze(const V& x, std::ptrdiff_t axis) {
  Shape shape = x.shape();
  const std::size_t place = checked_axis("squeeze", axis, shape);
  if (shape[place] != 1)
    throw_shape_error("squeeze", "need size 1 along axis " + std::to_string(axis), {{"x", shape}});
  shape.erase(place);
  return reshape(x, shape);
}

// Axes first to last become one.
template <Value V>
V flatten(const V& x, std::ptrdiff_t first = 0, std::ptrdiff_t last = -1) {
  if (x.rank() == 0) return reshape(x, Shape{1});
  const std::size_t begin = checked_axis("flatten", first, x.shape());
  const std::size_t end = checked_axis("flatten", last, x.shape()) + 1;
  if (begin >= end)
    throw_shape_error("flatten", "need the first axis before the last", {{"x", x.shape()}});
  Shape shape(x.shape().begin(), x.shape().begin() + begin);
  shape.push_back(element_count(Shape(x.shape().begin() + begin, x.shape().begin() + end)));
  for (std::size_t i = end; i < x.rank(); ++i) shape.push_back(x.shape()[i]);
  return reshape(x, shape);
}

// One position of an axis, which vanishes.
template <Value V>
V select(const V& x, std::ptrdiff_t axis, std::ptrdiff_t index) {
  const std::size_t place = checked_axis("select", axis, x.shape());
  const std::ptrdiff_t n = static_cast<std::ptrdiff_t>(x.shape()[place]);
  if (index < -n || index >= n)
    throw_shape_error(
        "select",
        "need an index within axis " + std::to_string(axis) + "; got " + std::to_string(index),
        {{"x", x.shape()}});
  const std::ptrdiff_t begin = index < 0 ? index + n : index;
  return squeeze(slice(x, axis, begin, begin + 1), axis);
}

// Two axes in each other's place.
template <Value V>
V transpose(const V& x, std::ptrdiff_t axis_a, std::ptrdiff_t axis_b) {
  std::vector<std::ptrdiff_t> order(x.rank());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::ptrdiff_t>(i);
  std::swap(order[checked_axis("transpose", axis_a, x.shape())],
            order[checked_axis("transpose", axis_b, x.shape())]);
  return permute(x, Axes(std::move(order)));
}

// Equal shapes, side by side along a new axis.
template <Value V>
V stack(const std::vector<V>& parts, std::ptrdiff_t axis = 0) {
  if (parts.empty()) throw ShapeError("stack: need at least one tensor; got none");
  std::vector<V> rows;
  for (const V& part : parts) {
    if (part.shape() != parts[0].shape())
      throw_shape_error("stack", "need equal shapes",
                        {{"first", parts[0].shape()}, {"other", part.shape()}});
    rows.push_back(unsqueeze(part, axis));
  }
  return cat(rows, axis);
}
template <Value V>
V stack(std::initializer_list<V> parts, std::ptrdiff_t axis = 0) {
  return stack(std::vector<V>(parts), axis);
}

// Elements begin, begin + step ... before end of an axis; of all without them.
struct Slice {
  std::ptrdiff_t begin = 0, end = std::numeric_limits<std::ptrdiff_t>::max();
  std::size_t step = 1;
};
// A slice of each of the first axes: slice(x, {{1, 3}, {}, {0, -1}}).
template <Value V>
V slice(const V& x, std::initializer_list<Slice> slices) {
  if (slices.size() > x.rank())
    throw_shape_error("slice",
                      "need at most one slice an axis; got " + std::to_string(slices.size()),
                      {{"x", x.shape()}});
  V part = reshape(x, x.shape());
  std::ptrdiff_t axis = 0;
  for (const Slice& s : slices) {
    const std::ptrdiff_t n = static_cast<std::ptrdiff_t>(x.shape()[axis]);
    part = slice(part, axis++, s.begin, std::min(s.end, n), s.step);
  }
  return part;
}

// What of arrays gives no tensor, of tensors, too (array_ops.h, random.h).
template <class T>
IntArray argmax(const Tensor<T>& x) {
  return argmax(x.value());
}
template <class T>
IntArray argmax(const Tensor<T>& x, std::ptrdiff_t axis, KeepDim keepdim = {}) {
  return argmax(x.value(), axis, keepdim);
}
template <class T>
IntArray argmin(const Tensor<T>& x) {
  return argmin(x.value());
}
template <class T>
IntArray argmin(const Tensor<T>& x, std::ptrdiff_t axis, KeepDim keepdim = {}) {
  return argmin(x.value(), axis, keepdim);
}
template <class T>
IntArray argsort(const Tensor<T>& x, std::ptrdiff_t axis = -1, bool descending = false) {
  return argsort(x.value(), axis, descending);
}
template <class T>
IntArray categorical(const Tensor<T>& weights, Random& random) {
  return categorical(weights.value(), random);
}
template <class T>
bool equal(const Tensor<T>& a, const Tensor<T>& b) {
  return equal(a.value(), b.value());
}
template <class T>
bool allclose(const Tensor<T>& a, const Tensor<T>& b, double relative = 1e-5,
              double absolute = 1e-8) {
  return allclose(a.value(), b.value(), relative, absolute);
}

// Pieces of `size` along an axis, the last one maybe shorter.
template <Value V>
std::vector<V> split(const V& x, std::size_t size, std::ptrdiff_t axis = 0) {
  const std::size_t n = x.shape()[checked_axis("split", axis, x.shape())];
  if (size == 0) throw_shape_error("split", "need pieces of at least 1", {{"x", x.shape()}});
  std::vector<V> pieces;
  for (std::size_t begin = 0; begin < std::max<std::size_t>(n, 1); begin += size)
    pieces.push_back(slice(x, axis, static_cast<std::ptrdiff_t>(begin),
                           static_cast<std::ptrdiff_t>(std::min(n, begin + size))));
  return pieces;
}

// `count` pieces along an axis, of equal size but for the last.
template <Value V>
std::vector<V> chunk(const V& x, std::size_t count, std::ptrdiff_t axis = 0) {
  const std::size_t n = x.shape()[checked_axis("chunk", axis, x.shape())];
  if (count == 0) throw_shape_error("chunk", "need at least one piece", {{"x", x.shape()}});
  if (n == 0) return std::vector<V>(count, x);
  return split(x, (n + count - 1) / count, axis);
}

}  // namespace babelgrad
