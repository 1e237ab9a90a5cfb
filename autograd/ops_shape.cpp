#include <algorithm>
#include <numeric>

#include "babelgrad/autograd/kernels/kernels.h"
#include "babelgrad/autograd/layout.h"
#include "babelgrad/autograd/ops.h"
#include "babelgrad/autograd/profile.h"
#include "babelgrad/autograd/vjp.h"

namespace babelgrad {
namespace {

// An axis of an array as [outer, n, inner].
struct AxisView {
  std::size_t outer = 1, n = 1, inner = 1;
  AxisView(const Shape& shape, std::size_t axis) : n(shape[axis]) {
    for (std::size_t i = 0; i < axis; ++i) outer *= shape[i];
    for (std::size_t i = axis + 1; i < shape.size(); ++i) inner *= shape[i];
  }
};

// Copies `count` positions of an axis between two arrays that differ along it alone.
template <class T>
void copy_axis(const T* from, std::size_t from_n, std::size_t from_begin, T* to, std::size_t to_n,
               std::size_t to_begin, std::size_t count, const AxisView& view) {
  copy_rows(view.outer, count * view.inner, from + from_begin * view.inner, from_n * view.inner,
            to + to_begin * view.inner, to_n * view.inner);
}

void check_axis(const char* op, std::size_t axis, const Shape& shape) {
  if (axis >= shape.size())
    throw_shape_error(op, "need axis " + std::to_string(axis) + " < rank", {{"x", shape}});
}

bool equal_but_for(const Shape& a, const Shape& b, std::size_t axis) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (i != axis && a[i] != b[i]) return false;
  return true;
}

}  // namespace

template <class T>
Tensor<T> reshape(const Tensor<T>& x, const Shape& shape) {
  const ProfileScope profile("reshape");
  if (element_count(shape) != x.size())
    throw_shape_error("reshape", "need as many elements as x",
                      {{"x", x.shape()}, {"shape", shape}});
  return record<T>("reshape", {x}, reshaped(x.value(), shape), [](Vjp<T>& c) {
    c.accumulate(0, reshaped(std::move(c.grad), c.in(0).shape()));
  });
}

template <class T>
Tensor<T> transpose(const Tensor<T>& x, const std::vector<std::size_t>& order) {
  const ProfileScope profile("transpose");
  std::vector<std::size_t> axes = order;
  if (axes.empty())
    for (std::size_t i = x.rank(); i-- > 0;) axes.push_back(i);
  std::vector<std::size_t> inverse(x.rank(), x.rank());
  for (std::size_t i = 0; i < axes.size(); ++i)
    if (axes[i] < x.rank()) inverse[axes[i]] = i;
  if (axes.size() != x.rank() || std::count(inverse.begin(), inverse.end(), x.rank()) > 0)
    throw_shape_error("transpose", "need an order that names each axis once",
                      {{"x", x.shape()}, {"order", Shape(axes.begin(), axes.end())}});
  return record<T>("transpose", {x}, transpose_array(x.value(), axes),
                   [inverse](Vjp<T>& c) { c.accumulate(0, transpose_array(c.grad, inverse)); });
}

template <class T>
Tensor<T> concat(const std::vector<Tensor<T>>& parts, std::size_t axis) {
  const ProfileScope profile("concat");
  if (parts.empty()) throw ShapeError("concat: need at least one tensor; got none");
  check_axis("concat", axis, parts[0].shape());
  Shape shape = parts[0].shape();
  std::size_t total = 0;
  for (const Tensor<T>& part : parts) {
    if (!equal_but_for(part.shape(), shape, axis))
      throw_shape_error("concat", "need equal shapes but for axis " + std::to_string(axis),
                        {{"first", parts[0].shape()}, {"other", part.shape()}});
    total += part.dim(axis);
  }
  shape[axis] = total;
  Array<T> value = uninitialized<T>(shape);
  std::size_t begin = 0;
  for (const Tensor<T>& part : parts) {
    const AxisView view(part.shape(), axis);
    copy_axis(part.value().data(), view.n, 0, value.data(), total, begin, view.n, view);
    begin += view.n;
  }
  const std::size_t count = parts.size();
  return record<T>("concat", parts, std::move(value), [axis, total, count](Vjp<T>& c) {
    std::size_t start = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const AxisView view(c.in(i).shape(), axis);
      if (c.wants(i)) {
        Array<T> g = uninitialized<T>(c.in(i).shape());
        copy_axis(c.grad.data(), total, start, g.data(), view.n, 0, view.n, view);
        c.accumulate(i, std::move(g));
      }
      start += view.n;
    }
  });
}

template <class T>
Tensor<T> stack(const std::vector<Tensor<T>>& parts, std::size_t axis) {
  const ProfileScope profile("stack");
  if (parts.empty()) throw ShapeError("stack: need at least one tensor; got none");
  if (axis > parts[0].rank())
    throw_shape_error("stack", "need axis " + std::to_string(axis) + " <= rank",
                      {{"first", parts[0].shape()}});
  Shape shape = parts[0].shape();
  for (const Tensor<T>& part : parts)
    if (part.shape() != shape)
      throw_shape_error("stack", "need equal shapes", {{"first", shape}, {"other", part.shape()}});
  const std::size_t count = parts.size();
  shape.insert(shape.begin() + static_cast<std::ptrdiff_t>(axis), count);
  Array<T> value = uninitialized<T>(shape);
  const AxisView view(shape, axis);
  for (std::size_t i = 0; i < count; ++i)
    copy_axis(parts[i].value().data(), 1, 0, value.data(), count, i, 1, view);
  return record<T>("stack", parts, std::move(value), [view, count](Vjp<T>& c) {
    for (std::size_t i = 0; i < count; ++i) {
      if (!c.wants(i)) continue;
      Array<T> g = uninitialized<T>(c.in(i).shape());
      copy_axis(c.grad.data(), count, i, g.data(), 1, 0, 1, view);
      c.accumulate(i, std::move(g));
    }
  });
}

template <class T>
Tensor<T> slice(const Tensor<T>& x, std::size_t axis, std::size_t begin, std::size_t end) {
  const ProfileScope profile("slice");
  check_axis("slice", axis, x.shape());
  if (begin > end || end > x.dim(axis))
    throw_shape_error("slice", "need begin <= end <= the size of axis " + std::to_string(axis),
                      {{"x", x.shape()}, {"begin, end", {begin, end}}});
  const AxisView view(x.shape(), axis);
  Shape shape = x.shape();
  shape[axis] = end - begin;
  Array<T> value = uninitialized<T>(shape);
  copy_axis(x.value().data(), view.n, begin, value.data(), end - begin, 0, end - begin, view);
  return record<T>("slice", {x}, std::move(value), [view, begin, end](Vjp<T>& c) {
    T* sums = c.sum_buffer(0);
    const std::size_t row = (end - begin) * view.inner;
    for (std::size_t o = 0; o < view.outer; ++o)
      kernels<T>().add(row, c.grad.data() + o * row, sums + (o * view.n + begin) * view.inner);
  });
}

template <class T>
Tensor<T> broadcast_to(const Tensor<T>& x, const Shape& shape) {
  const ProfileScope profile("broadcast_to");
  bool fits = x.rank() <= shape.size();
  for (std::size_t i = 0; fits && i < x.rank(); ++i) {
    const std::size_t from = x.dim(x.rank() - 1 - i), to = shape[shape.size() - 1 - i];
    fits = from == to || from == 1;
  }
  if (!fits)
    throw_shape_error("broadcast_to", "need sizes equal to the target's or 1, from the last axis",
                      {{"x", x.shape()}, {"target", shape}});
  return record<T>("broadcast_to", {x}, broadcast_array(x.value(), shape),
                   [](Vjp<T>& c) { c.accumulate(0, sum_to_shape(c.grad, c.in(0).shape())); });
}

template <class T>
Tensor<T> add_bias(const Tensor<T>& x, const Tensor<T>& bias) {
  const ProfileScope profile("add_bias");
  if (x.rank() == 0 || bias.rank() != 1 || x.shape().back() != bias.dim(0))
    throw_shape_error("add_bias", "need x [..., N] and bias [N]",
                      {{"x", x.shape()}, {"bias", bias.shape()}});
  const std::size_t n = bias.dim(0), rows = n == 0 ? 0 : x.size() / n;
  Array<T> value = x.value();
  kernels<T>().add_to_rows(rows, n, bias.value().data(), value.data());
  return record<T>("add_bias", {x, bias}, std::move(value), [rows, n](Vjp<T>& c) {
    if (c.wants(1)) kernels<T>().sum_rows(rows, n, c.grad.data(), n, c.sum_buffer(1));
    if (c.wants(0)) c.accumulate(0, std::move(c.grad));
  });
}

#define BABELGRAD_INSTANTIATE(T)                                                     \
  template Tensor<T> reshape(const Tensor<T>&, const Shape&);                        \
  template Tensor<T> transpose(const Tensor<T>&, const std::vector<std::size_t>&);   \
  template Tensor<T> concat(const std::vector<Tensor<T>>&, std::size_t);             \
  template Tensor<T> stack(const std::vector<Tensor<T>>&, std::size_t);              \
  template Tensor<T> slice(const Tensor<T>&, std::size_t, std::size_t, std::size_t); \
  template Tensor<T> broadcast_to(const Tensor<T>&, const Shape&);                   \
  template Tensor<T> add_bias(const Tensor<T>&, const Tensor<T>&);
BABELGRAD_INSTANTIATE(float)
BABELGRAD_INSTANTIATE(double)
#undef BABELGRAD_INSTANTIATE

}  // namespace babelgrad
