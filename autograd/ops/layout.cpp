#include "babelgrad/autograd/ops/layout.h"

#include <algorithm>

#include "babelgrad/autograd/kernels/kernels.h"
#include "babelgrad/autograd/kernels/transpose.h"
#include "babelgrad/autograd/ops/axis_walk.h"
#include "babelgrad/autograd/ops/sums.h"

namespace babelgrad {

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
  if (axes.empty()) axes.push_back({1, 1, 1});
  return axes;
}

Shape broadcast_strides(const Shape& small, const Shape& shape) {
  Shape strides = Shape::of_rank(shape.size(), 0);
  std::size_t step = 1;
  const std::size_t lead = shape.size() - small.size();
  for (std::size_t axis = shape.size(); axis-- > lead;) {
    strides[axis] = small[axis - lead] == 1 ? 0 : step;
    step *= small[axis - lead];
  }
  return strides;
}

template <class T>
Array<T> transpose_array(const Array<T>& x, const std::vector<std::size_t>& order) {
  const Shape x_strides = broadcast_strides(x.shape(), x.shape());
  Shape shape = x.shape(), strides = x.shape();
  for (std::size_t i = 0; i < order.size(); ++i) {
    shape[i] = x.shape()[order[i]];
    strides[i] = x_strides[order[i]];
  }
  Array<T> y = uninitialized<T>(shape);
  if (x.size() == 0) return y;
  std::vector<Axis> axes = merged_axes(shape, strides);
  const Axis row = axes.back();
  axes.pop_back();
  if (row.other_stride == 1) {
    walk(axes, [&](std::size_t to, std::size_t from) {
      std::copy_n(x.data() + from, row.size, y.data() + to);
    });
    return y;
  }
  const auto contiguous = std::find_if(axes.begin(), axes.end(),
                                       [](const Axis& axis) { return axis.other_stride == 1; });
  const Axis column = *contiguous;
  axes.erase(contiguous);
  walk(axes, [&](std::size_t to, std::size_t from) {
    transpose_matrix(row.size, column.size, x.data() + from, row.other_stride, y.data() + to,
                     column.dense_stride);
  });
  return y;
}

template <class T>
Array<T> broadcast_array(const Array<T>& x, const Shape& shape) {
  constexpr std::size_t kShort = 16;  // a call of memset's like costs more
  Array<T> y = uninitialized<T>(shape);
  for_each_block(shape, x.shape(), [&](const ReducedBlock& b) {
    const T* from = x.data() + b.reduced;
    T* to = y.data() + b.dense;
    if (!b.to_one) return copy_block(b.rows, b.cols, from, 0, to, b.step);
    for (std::size_t r = 0; r < b.rows; ++r, to += b.step)
      if (b.cols >= kShort)
        std::fill_n(to, b.cols, from[r]);
      else
        for (std::size_t i = 0; i < b.cols; ++i) to[i] = from[r];
  });
  return y;
}

template <class T>
Array<T> sum_to_shape(const Array<T>& x, const Shape& shape) {
  Array<T> total = zeros<T>(shape);
  for_each_block(x.shape(), shape, [&](const ReducedBlock& b) {
    add_up(b, x.data() + b.dense, b.step, total.data() + b.reduced);
  });
  return total;
}

template <class T>
void copy_block(std::size_t rows, std::size_t n, const T* from, std::size_t from_step, T* to,
                std::size_t to_step) {
  constexpr std::size_t kLong = 64;  // from there on memmove is faster
  if (n == 1)
    for (std::size_t r = 0; r < rows; ++r) to[r * to_step] = from[r * from_step];
  else if (n < kLong)
    kernels<T>().copy_block(rows, n, from, from_step, to, to_step);
  else
    for (std::size_t r = 0; r < rows; ++r) std::copy_n(from + r * from_step, n, to + r * to_step);
}

template <class T>
void add_block(std::size_t rows, std::size_t n, const T* from, std::size_t from_step, T* to,
               std::size_t to_step) {
  if (n == 1)
    for (std::size_t r = 0; r < rows; ++r) to[r * to_step] += from[r * from_step];
  else
    kernels<T>().add_block(rows, n, from, from_step, to, to_step);
}

#define BABELGRAD_INSTANTIATE(T)                                                              \
  template Array<T> transpose_array(const Array<T>&, const std::vector<std::size_t>&);        \
  template Array<T> broadcast_array(const Array<T>&, const Shape&);                           \
  template Array<T> sum_to_shape(const Array<T>&, const Shape&);                              \
  template void copy_block(std::size_t, std::size_t, const T*, std::size_t, T*, std::size_t); \
  template void add_block(std::size_t, std::size_t, const T*, std::size_t, T*, std::size_t);
BABELGRAD_INSTANTIATE(float)
BABELGRAD_INSTANTIATE(double)
#undef BABELGRAD_INSTANTIATE

}  // namespace babelgrad
