// Ops that read and write by index.
#include <algorithm>
#include <limits>

#include "babelgrad/autograd/inspection/profile.h"
#include "babelgrad/autograd/kernels/kernels.h"
#include "babelgrad/autograd/ops.h"
#include "babelgrad/autograd/ops/axis_view.h"

namespace babelgrad {
namespace {

// Of the indices from `begin` to `end`.
void check_indices(const char* op, const IntArray& indices, std::size_t limit, std::size_t begin,
                   std::size_t end) {
  const std::int32_t *first = indices.data() + begin, *stop = indices.data() + end;
  constexpr std::size_t most = std::numeric_limits<std::int32_t>::max();
  const std::int32_t last = static_cast<std::int32_t>(std::min(limit, most + 1) - 1);
  std::int32_t outside = 0;  // not a bool: vectorised
  for (const std::int32_t* i = first; i != stop; ++i)
    outside |= static_cast<std::int32_t>(*i < 0) | (*i > last);
  if (outside == 0) return;
  const auto wrong = std::find_if(first, stop, [=](std::int32_t i) { return i < 0 || i > last; });
  throw ShapeError(std::string(op) + ": need indices in [0, " + std::to_string(limit) + "); got " +
                   std::to_string(*wrong) + " at position " +
                   std::to_string(wrong - indices.data()));
}
void check_indices(const char* op, const IntArray& indices, std::size_t limit) {
  check_indices(op, indices, limit, 0, indices.size());
}

std::size_t checked_selection(const char* op, const Shape& x, std::ptrdiff_t axis,
                              const IntArray& indices) {
  const std::size_t a = checked_axis(op, axis, x);
  if (indices.rank() != 1)
    throw_shape_error(op, "need indices [N]", {{"x", x}, {"indices", indices.shape()}});
  check_indices(op, indices, x[a]);
  return a;
}

// x and the indices differ in shape along the axis alone.
std::size_t checked_gather(const char* op, const Shape& x, std::ptrdiff_t axis,
                           const IntArray& indices) {
  const std::size_t a = checked_axis(op, axis, x);
  Shape expected = x;
  if (indices.rank() == x.size()) expected[a] = indices.shape()[a];
  if (indices.shape() != expected)
    throw_shape_error(op, "need indices of x's shape but for axis " + std::to_string(a),
                      {{"x", x}, {"indices", indices.shape()}});
  return a;
}

// Calls f(position in x, position in indices) for every index of a gather, checked where they are
// about to be used; before those of slice o of x, along the axis and those after it, begin(o).
template <class F, class Begin>
void for_each_gathered(const char* op, const Shape& x, std::size_t axis, const IntArray& indices,
                       const F& f, const Begin& begin) {
  const AxisView view(indices.shape(), axis);
  const std::size_t n = x[axis];
  const std::int32_t* index = indices.data();
  for (std::size_t o = 0, i = 0; o < view.outer; ++o) {
    check_indices(op, indices, n, i, i + view.n * view.inner);
    begin(o);
    if (view.inner == 1) {
      for (std::size_t k = 0; k < view.n; ++k, ++i)
        f(o * n + static_cast<std::size_t>(index[i]), i);
      continue;
    }
    for (std::size_t k = 0; k < view.n; ++k)
      for (std::size_t j = 0; j < view.inner; ++j, ++i)
        f((o * n + static_cast<std::size_t>(index[i])) * view.inner + j, i);
  }
}
template <class F>
void for_each_gathered(const char* op, const Shape& x, std::size_t axis, const IntArray& indices,
                       const F& f) {
  for_each_gathered(op, x, axis, indices, f, [](std::size_t) {});
}

}  // namespace

template <class T>
Tensor<T> embedding(const Tensor<T>& table, const IntArray& indices) {
  const ProfileScope profile("embedding");
  if (table.rank() != 2 || table.dim(1) == 0)
    throw_shape_error("embedding", "need a table [V, E]", {{"table", table.shape()}});
  check_indices("embedding", indices, table.dim(0));
  const std::size_t width = table.dim(1);
  Shape shape = indices.shape();
  shape.push_back(width);
  Array<T> rows = uninitialized<T>(shape);
  for (std::size_t i = 0; i < indices.size(); ++i)
    std::copy_n(table.value().data() + indices.data()[i] * width, width, rows.data() + i * width);
  return record("embedding", {table}, std::move(rows), [indices = indices](auto& c) {
    c.accumulate_rows(0, indices, c.grad);  // d table[indices[i]] += d rows[i]
  });
}

template <class T>
Array<T> index_select(const Array<T>& x, std::ptrdiff_t axis, const IntArray& indices) {
  const std::size_t a = checked_selection("index_select", x.shape(), axis, indices);
  const AxisView view(x.shape(), a);
  Shape shape = x.shape();
  shape[a] = indices.size();
  Array<T> y = uninitialized<T>(shape);
  T* to = y.data();
  for (std::size_t o = 0; o < view.outer; ++o)
    for (const std::int32_t index : indices)
      to = std::copy_n(x.data() + (o * view.n + static_cast<std::size_t>(index)) * view.inner,
                       view.inner, to);
  return y;
}
template <class T>
Tensor<T> index_select(const Tensor<T>& x, std::ptrdiff_t axis, const IntArray& indices) {
  const ProfileScope profile("index_select");
  return record("index_select", {x}, index_select(x.value(), axis, indices),
                [axis, indices = indices](auto& c) {
                  c.accumulate(0, index_add(c.zeros(0), axis, indices, c.grad));
                });
}

template <class T>
Array<T> index_add(Array<T> x, std::ptrdiff_t axis, const IntArray& indices,
                   const Array<T>& values) {
  const std::size_t a = checked_selection("index_add", x.shape(), axis, indices);
  Shape expected = x.shape();
  expected[a] = indices.size();
  if (values.shape() != expected)
    throw_shape_error("index_add", "need values of x's shape but for the axis, one an index",
                      {{"x", x.shape()}, {"indices", indices.shape()}, {"values", values.shape()}});
  x.unshare();
  const AxisView view(x.shape(), a);
  const T* from = values.data();
  for (std::size_t o = 0; o < view.outer; ++o)
    for (const std::int32_t index : indices) {
      T* to = x.data() + (o * view.n + static_cast<std::size_t>(index)) * view.inner;
      kernels<T>().add(view.inner, from, to);
      from += view.inner;
    }
  return x;
}
template <class T>
Tensor<T> index_add(const Tensor<T>& x, std::ptrdiff_t axis, const IntArray& indices,
                    const Tensor<T>& values) {
  const ProfileScope profile("index_add");
  return record("index_add", {x, values}, index_add(x.value(), axis, indices, values.value()),
                [axis, indices = indices](auto& c) {
                  c.accumulate(0, c.grad);
                  if (c.wants(1)) c.accumulate(1, index_select(c.grad, axis, indices));
                });
}

template <class T>
Array<T> gather(const Array<T>& x, std::ptrdiff_t axis, const IntArray& indices) {
  const std::size_t a = checked_gather("gather", x.shape(), axis, indices);
  Array<T> y = uninitialized<T>(indices.shape());
  const T* source = x.data();
  T* target = y.data();
  for_each_gathered("gather", x.shape(), a, indices,
                    [=](std::size_t from, std::size_t to) { target[to] = source[from]; });
  return y;
}

namespace {

// The gradient of gather: of arrays in one pass, zeros where sums are about to begin.
template <class T>
Array<T> gather_slope(Vjp<T>& c, std::ptrdiff_t axis, const IntArray& indices) {
  Array<T> dx = uninitialized<T>(c.shape(0));
  const std::size_t a = checked_axis("gather", axis, dx.shape());
  const T* source = c.grad.data();
  T* target = dx.data();
  const std::size_t slice = dx.size() / std::max<std::size_t>(1, AxisView(dx.shape(), a).outer);
  for_each_gathered(
      "gather", dx.shape(), a, indices,
      [=](std::size_t to, std::size_t from) { target[to] += source[from]; },
      [=](std::size_t outer) { std::fill_n(target + outer * slice, slice, T(0)); });
  return dx;
}
template <class T>
Tensor<T> gather_slope(GraphVjp<T>& c, std::ptrdiff_t axis, const IntArray& indices) {
  return scatter_add(c.zeros(0), axis, indices, c.grad);
}

}  // namespace

template <class T>
Tensor<T> gather(const Tensor<T>& x, std::ptrdiff_t axis, const IntArray& indices) {
  const ProfileScope profile("gather");
  return record(
      "gather", {x}, gather(x.value(), axis, indices),
      [axis, indices = indices](auto& c) { c.accumulate(0, gather_slope(c, axis, indices)); });
}

template <class T>
Array<T> scatter_add(Array<T> x, std::ptrdiff_t axis, const IntArray& indices,
                     const Array<T>& values) {
  const std::size_t a = checked_gather("scatter_add", x.shape(), axis, indices);
  if (values.shape() != indices.shape())
    throw_shape_error("scatter_add", "need a value an index",
                      {{"indices", indices.shape()}, {"values", values.shape()}});
  x.unshare();
  const T* source = values.data();
  T* target = x.data();
  for_each_gathered("scatter_add", x.shape(), a, indices,
                    [=](std::size_t to, std::size_t from) { target[to] += source[from]; });
  return x;
}
template <class T>
Tensor<T> scatter_add(const Tensor<T>& x, std::ptrdiff_t axis, const IntArray& indices,
                      const Tensor<T>& values) {
  const ProfileScope profile("scatter_add");
  return record("scatter_add", {x, values}, scatter_add(x.value(), axis, indices, values.value()),
                [axis, indices = indices](auto& c) {
                  c.accumulate(0, c.grad);
                  if (c.wants(1)) c.accumulate(1, gather(c.grad, axis, indices));
                });
}

template <class T>
Array<T> one_hot(const IntArray& indices, std::size_t classes) {
  check_indices("one_hot", indices, classes);
  Shape shape = indices.shape();
  shape.push_back(classes);
  Array<T> y = zeros<T>(shape);
  for (std::size_t i = 0; i < indices.size(); ++i)
    y.data()[i * classes + static_cast<std::size_t>(indices.data()[i])] = T(1);
  return y;
}

#define BABELGRAD_INSTANTIATE_VALUE(V)                                \
  template V index_select(const V&, std::ptrdiff_t, const IntArray&); \
  template V gather(const V&, std::ptrdiff_t, const IntArray&);
#define BABELGRAD_INSTANTIATE_SUM(V, X)                               \
  template V index_add(X, std::ptrdiff_t, const IntArray&, const V&); \
  template V scatter_add(X, std::ptrdiff_t, const IntArray&, const V&);
#define BABELGRAD_INSTANTIATE(T)                           \
  BABELGRAD_INSTANTIATE_VALUE(Array<T>)                    \
  BABELGRAD_INSTANTIATE_VALUE(Tensor<T>)                   \
  BABELGRAD_INSTANTIATE_SUM(Array<T>, Array<T>)            \
  BABELGRAD_INSTANTIATE_SUM(Tensor<T>, const Tensor<T>&)   \
  template Array<T> one_hot(const IntArray&, std::size_t); \
  template Tensor<T> embedding(const Tensor<T>&, const IntArray&);
BABELGRAD_INSTANTIATE(float)
BABELGRAD_INSTANTIATE(double)
#undef BABELGRAD_INSTANTIATE
#undef BABELGRAD_INSTANTIATE_VALUE
#undef BABELGRAD_INSTANTIATE_SUM

}  // namespace babelgrad
