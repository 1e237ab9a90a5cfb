#include "babelgrad/autograd/layout.h"

#include <algorithm>

#include "babelgrad/autograd/kernels/kernels.h"
#include "babelgrad/autograd/kernels/transpose.h"

namespace babelgrad {
namespace {

// One axis of a dense (row-major) array, and of a second array that is walked beside it.
struct Axis {
  std::size_t size, dense_stride, other_stride;
};

// The axes of a dense array of `shape`, of which the other array has the given strides: without
// axes of size 1, and with neighbours merged where both arrays run on from one to the next.
std::vector<Axis> merged_axes(const Shape& shape, const Shape& other_strides) {
  std::vector<Axis> axes;
  std::size_t dense_stride = element_count(shape);
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == 1) continue;
    dense_stride /= shape[i];
    const Axis axis{shape[i], dense_stride, other_strides[i]};
    if (!axes.empty() && axes.back().other_stride == axis.other_stride * axis.size)
      axes.back() = {axes.back().size * axis.size, axis.dense_stride, axis.other_stride};
    else
      axes.push_back(axis);
  }
  return axes;
}

// Calls f(offset in the dense array, offset in the other) for every index of the axes up to `end`.
template <class F>
void walk(const Axis* axis, const Axis* end, std::size_t dense, std::size_t other, const F& f) {
  if (axis == end) return f(dense, other);
  for (std::size_t i = 0; i < axis->size; ++i)
    walk(axis + 1, end, dense + i * axis->dense_stride, other + i * axis->other_stride, f);
}

// The strides of a row-major array of `small` beside one of `shape`, to which it is broadcast.
Shape broadcast_strides(const Shape& small, const Shape& shape) {
  Shape strides(shape.size(), 0);
  std::size_t step = 1;
  const std::size_t lead = shape.size() - small.size();
  for (std::size_t axis = shape.size(); axis-- > lead;) {
    strides[axis] = small[axis - lead] == 1 ? 0 : step;
    step *= small[axis - lead];
  }
  return strides;
}

}  // namespace

template <class T>
Array<T> transpose_array(const Array<T>& x, const std::vector<std::size_t>& order) {
  const Shape x_strides = broadcast_strides(x.shape(), x.shape());
  Shape shape(order.size()), strides(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    shape[i] = x.shape()[order[i]];
    strides[i] = x_strides[order[i]];
  }
  Array<T> y = uninitialized<T>(shape);
  if (x.size() == 0) return y;
  std::vector<Axis> axes = merged_axes(shape, strides);
  if (axes.empty()) axes.push_back({1, 1, 1});
  const Axis row = axes.back();
  axes.pop_back();
  if (row.other_stride == 1) {
    walk(axes.data(), axes.data() + axes.size(), 0, 0, [&](std::size_t to, std::size_t from) {
      std::copy_n(x.data() + from, row.size, y.data() + to);
    });
    return y;
  }
  const auto contiguous = std::find_if(axes.begin(), axes.end(),
                                       [](const Axis& axis) { return axis.other_stride == 1; });
  const Axis column = *contiguous;
  axes.erase(contiguous);
  walk(axes.data(), axes.data() + axes.size(), 0, 0, [&](std::size_t to, std::size_t from) {
    transpose_matrix(row.size, column.size, x.data() + from, row.other_stride, y.data() + to,
                     column.dense_stride);
  });
  return y;
}

template <class T>
Array<T> broadcast_array(const Array<T>& x, const Shape& shape) {
  Array<T> y = uninitialized<T>(shape);
  if (y.size() == 0) return y;
  std::vector<Axis> axes = merged_axes(shape, broadcast_strides(x.shape(), shape));
  if (axes.empty()) axes.push_back({1, 1, 1});
  const Axis row = axes.back();
  axes.pop_back();
  walk(axes.data(), axes.data() + axes.size(), 0, 0, [&](std::size_t to, std::size_t from) {
    if (row.other_stride == 0)
      std::fill_n(y.data() + to, row.size, x.data()[from]);
    else
      std::copy_n(x.data() + from, row.size, y.data() + to);
  });
  return y;
}

template <class T>
Array<T> sum_to_shape(const Array<T>& x, const Shape& shape) {
  Array<T> total = zeros<T>(shape);
  if (x.size() == 0) return total;
  std::vector<Axis> axes = merged_axes(x.shape(), broadcast_strides(shape, x.shape()));
  if (axes.empty()) axes.push_back({1, 1, 1});
  const Axis row = axes.back();
  axes.pop_back();
  if (row.other_stride == 0) {
    walk(axes.data(), axes.data() + axes.size(), 0, 0, [&](std::size_t from, std::size_t to) {
      total.data()[to] += static_cast<T>(kernels<T>().sum(row.size, x.data() + from));
    });
    return total;
  }
  // The axis before, if any, is summed over: a kept one would have been merged with the row.
  const Axis column = axes.empty() ? Axis{1, row.size, 0} : axes.back();
  if (!axes.empty()) axes.pop_back();
  walk(axes.data(), axes.data() + axes.size(), 0, 0, [&](std::size_t from, std::size_t to) {
    kernels<T>().sum_rows(column.size, row.size, x.data() + from, column.dense_stride,
                          total.data() + to);
  });
  return total;
}

template <class T>
void copy_rows(std::size_t count, std::size_t n, const T* from, std::size_t from_step, T* to,
               std::size_t to_step) {
  if (n == 1)
    for (std::size_t i = 0; i < count; ++i) to[i * to_step] = from[i * from_step];
  else
    for (std::size_t i = 0; i < count; ++i) std::copy_n(from + i * from_step, n, to + i * to_step);
}

#define BABELGRAD_INSTANTIATE(T)                                                       \
  template Array<T> transpose_array(const Array<T>&, const std::vector<std::size_t>&); \
  template Array<T> broadcast_array(const Array<T>&, const Shape&);                    \
  template Array<T> sum_to_shape(const Array<T>&, const Shape&);                       \
  template void copy_rows(std::size_t, std::size_t, const T*, std::size_t, T*, std::size_t);
BABELGRAD_INSTANTIATE(float)
BABELGRAD_INSTANTIATE(double)
#undef BABELGRAD_INSTANTIATE

}  // namespace babelgrad
