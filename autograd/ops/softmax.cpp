// Softmax and its logarithm, along the last axis; along another by way of permuting.
#include <algorithm>
#include <limits>

#include "babelgrad/autograd/broadcast.h"
#include "babelgrad/autograd/inspection/profile.h"
#include "babelgrad/autograd/kernels/kernels.h"
#include "babelgrad/autograd/ops.h"

namespace babelgrad {
namespace {

void check_mask(const char* op, const Shape& x, const Mask& keep) {
  if (keep.given() && !broadcasts_to(keep.shape(), x))
    throw_shape_error(op, "need a mask that broadcasts to x", {{"x", x}, {"keep", keep.shape()}});
}

template <class T>
bool is_left_out(const T* row, std::size_t n) {
  return std::all_of(row, row + n, [](T v) { return v == -std::numeric_limits<T>::infinity(); });
}

// f(row) for each row along the last axis.
template <class T, class F>
void for_each_row(Array<T>& x, const F& f) {
  const std::size_t n = x.shape().back();
  for (T* row = x.begin(); row != x.end(); row += n) f(n, row);
}

// x, with minus infinity, whose exponential is 0, where the mask leaves an element out, and then
// f(row) for each row.
template <class T, class F>
Array<T> map_rows(const char* op, const Array<T>& x, const Mask& keep, const F& f) {
  if (x.rank() == 0 || x.shape().back() == 0)
    throw_shape_error(op, "need x [..., N] with N >= 1", {{"x", x.shape()}});
  check_mask(op, x.shape(), keep);
  if (keep.given()) {
    Array<T> y = where(keep, x, -std::numeric_limits<T>::infinity());
    for_each_row(y, f);
    return y;
  }
  Array<T> y = uninitialized<T>(x.shape());
  const T* from = x.data();
  for_each_row(y, [&](std::size_t n, T* row) {  // while it is in the cache
    std::copy_n(from, n, row);
    from += n;
    f(n, row);
  });
  return y;
}

// The gradients, by a kernel over arrays and by its formula over tensors.
template <class T>
Array<T> softmax_slope(Vjp<T>& c) {
  Array<T> g = c.take_grad();
  const T* y = c.out().data();
  for_each_row(g, [&](std::size_t n, T* row) {
    kernels<T>().softmax_row_backward(n, y, row, row);
    y += n;
  });
  return g;
}
template <class T>
Tensor<T> softmax_slope(GraphVjp<T>& c) {
  const Tensor<T> y = c.out();
  return y * (c.grad - sum(c.grad * y, -1, true));
}
template <class T>
Array<T> log_softmax_slope(Vjp<T>& c, const Mask&) {
  Array<T> g = c.take_grad();
  const T* y = c.out().data();
  for_each_row(g, [&](std::size_t n, T* row) {
    kernels<T>().log_softmax_row_backward(n, y, row, row);
    y += n;
  });
  return g;
}
template <class T>
Tensor<T> log_softmax_slope(GraphVjp<T>& c, const Mask& keep) {
  const Tensor<T> g = keep.given() ? where(keep, c.grad, 0) : c.grad;
  return g - exp(c.out()) * sum(g, -1, true);
}

// op(x, -1, keep), with the given axis as the last.
template <class V, class F>
V along(const char* name, const V& x, std::ptrdiff_t axis, const Mask& keep, const F& op) {
  const std::size_t place = checked_axis(name, axis, x.shape());
  if (place + 1 == x.rank()) return op(x, keep);
  check_mask(name, x.shape(), keep);
  Mask turned;
  if (keep.given())
    turned = transpose(broadcast_to(cast<float>(keep.bytes()), x.shape()), axis, -1) > 0;
  return transpose(op(transpose(x, axis, -1), turned), axis, -1);
}

template <class T>
Array<T> softmax_rows(const Array<T>& x, const Mask& keep) {
  return map_rows("softmax", x, keep, [&](std::size_t n, T* row) {
    if (keep.given() && is_left_out(row, n))
      std::fill_n(row, n, T(0));
    else
      kernels<T>().softmax_row(n, row);
  });
}
template <class T>
Tensor<T> softmax_rows(const Tensor<T>& x, const Mask& keep) {
  const ProfileScope profile("softmax");
  return record("softmax", {x}, softmax_rows(x.value(), keep),
                [](auto& c) { c.accumulate(0, softmax_slope(c)); });
}

template <class T>
Array<T> log_softmax_rows(const Array<T>& x, const Mask& keep) {
  Array<T> y = map_rows("log_softmax", x, keep, [&](std::size_t n, T* row) {
    if (!keep.given() || !is_left_out(row, n)) kernels<T>().log_softmax_row(n, row);
  });
  if (keep.given()) return where(keep, y, std::numeric_limits<T>::lowest());
  return y;
}
template <class T>
Tensor<T> log_softmax_rows(const Tensor<T>& x, const Mask& keep) {
  const ProfileScope profile("log_softmax");
  return record("log_softmax", {x}, log_softmax_rows(x.value(), keep),
                [keep = keep](auto& c) { c.accumulate(0, log_softmax_slope(c, keep)); });
}

template <class V>
V softmax_along(const V& x, std::ptrdiff_t axis, const Mask& keep) {
  return along("softmax", x, axis, keep,
               [](const V& rows, const Mask& mask) { return softmax_rows(rows, mask); });
}
template <class V>
V log_softmax_along(const V& x, std::ptrdiff_t axis, const Mask& keep) {
  return along("log_softmax", x, axis, keep,
               [](const V& rows, const Mask& mask) { return log_softmax_rows(rows, mask); });
}

}  // namespace

template <class T>
Array<T> softmax(const Array<T>& x, std::ptrdiff_t axis, const Mask& keep) {
  return softmax_along(x, axis, keep);
}
template <class T>
Tensor<T> softmax(const Tensor<T>& x, std::ptrdiff_t axis, const Mask& keep) {
  return softmax_along(x, axis, keep);
}
template <class T>
Array<T> log_softmax(const Array<T>& x, std::ptrdiff_t axis, const Mask& keep) {
  return log_softmax_along(x, axis, keep);
}
template <class T>
Tensor<T> log_softmax(const Tensor<T>& x, std::ptrdiff_t axis, const Mask& keep) {
  return log_softmax_along(x, axis, keep);
}

#define BABELGRAD_INSTANTIATE(T)                                               \
  template Array<T> softmax(const Array<T>&, std::ptrdiff_t, const Mask&);     \
  template Tensor<T> softmax(const Tensor<T>&, std::ptrdiff_t, const Mask&);   \
  template Array<T> log_softmax(const Array<T>&, std::ptrdiff_t, const Mask&); \
  template Tensor<T> log_softmax(const Tensor<T>&, std::ptrdiff_t, const Mask&);
BABELGRAD_INSTANTIATE(float)
BABELGRAD_INSTANTIATE(double)
#undef BABELGRAD_INSTANTIATE

}  // namespace babelgrad
