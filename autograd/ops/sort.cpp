// Elements by their order: the indices come from the values, and what is differentiated is gather.
#include <algorithm>
#include <cmath>

#include "babelgrad/autograd/inspection/profile.h"
#include "babelgrad/autograd/ops.h"
#include "babelgrad/autograd/ops/axis_view.h"

namespace babelgrad {
namespace {

template <class T>
bool is_less(T a, T b) {
  return a < b || (std::isnan(b) && !std::isnan(a));
}

// Where the first k elements in order stand along an axis: of x's shape, with k along the axis.
template <class T>
IntArray first_in_order(const Array<T>& x, std::size_t axis, std::size_t k, bool descending) {
  const AxisView view(x.shape(), axis);
  Shape shape = x.shape();
  shape[axis] = k;
  IntArray indices = uninitialized<std::int32_t>(shape);
  struct Element {
    T value;
    std::int32_t index;
  };
  std::vector<Element> lane(view.n);
  const auto before = [descending](const Element& a, const Element& b) {
    if (is_less(a.value, b.value)) return !descending;
    if (is_less(b.value, a.value)) return descending;
    return a.index < b.index;
  };
  for (std::size_t o = 0; o < view.outer; ++o)
    for (std::size_t j = 0; j < view.inner; ++j) {
      const T* first = x.data() + o * view.n * view.inner + j;
      for (std::size_t i = 0; i < view.n; ++i)
        lane[i] = {first[i * view.inner], static_cast<std::int32_t>(i)};
      if (k == view.n)
        std::sort(lane.begin(), lane.end(), before);
      else
        std::partial_sort(lane.begin(), lane.begin() + static_cast<std::ptrdiff_t>(k), lane.end(),
                          before);
      for (std::size_t i = 0; i < k; ++i)
        indices.data()[(o * k + i) * view.inner + j] = lane[i].index;
    }
  return indices;
}

template <class T>
IntArray extreme(const char* op, const Array<T>& x, std::ptrdiff_t axis, KeepDim keepdim,
                 bool largest) {
  const std::size_t a = checked_axis(op, axis, x.shape());
  if (x.shape()[a] == 0)
    throw_shape_error(op, "need at least one element along axis " + std::to_string(a),
                      {{"x", x.shape()}});
  Shape shape = x.shape();
  shape[a] = 1;
  if (!keepdim.value) shape.erase(a);
  return first_in_order(x, a, 1, largest).reshaped(shape);
}

template <class T>
Ordered<T> gathered(const Tensor<T>& x, std::size_t axis, std::size_t k, bool descending) {
  IntArray indices = first_in_order(x.value(), axis, k, descending);
  Tensor<T> values = gather(x, static_cast<std::ptrdiff_t>(axis), indices);
  return {std::move(values), std::move(indices)};
}

}  // namespace

template <class T>
IntArray argmax(const Array<T>& x, std::ptrdiff_t axis, KeepDim keepdim) {
  return extreme("argmax", x, axis, keepdim, true);
}

template <class T>
IntArray argmax(const Array<T>& x) {
  return argmax(x.reshaped({x.size()}), 0);
}

template <class T>
IntArray argmin(const Array<T>& x, std::ptrdiff_t axis, KeepDim keepdim) {
  return extreme("argmin", x, axis, keepdim, false);
}

template <class T>
IntArray argmin(const Array<T>& x) {
  return argmin(x.reshaped({x.size()}), 0);
}

template <class T>
IntArray argsort(const Array<T>& x, std::ptrdiff_t axis, bool descending) {
  const std::size_t a = checked_axis("argsort", axis, x.shape());
  return first_in_order(x, a, x.shape()[a], descending);
}

template <class T>
Ordered<T> sort(const Tensor<T>& x, std::ptrdiff_t axis, bool descending) {
  const ProfileScope profile("sort");
  const std::size_t a = checked_axis("sort", axis, x.shape());
  return gathered(x, a, x.shape()[a], descending);
}

template <class T>
Ordered<T> topk(const Tensor<T>& x, std::size_t k, std::ptrdiff_t axis, bool largest) {
  const ProfileScope profile("topk");
  const std::size_t a = checked_axis("topk", axis, x.shape());
  if (k > x.shape()[a])
    throw_shape_error(
        "topk",
        "need k of at most the size of axis " + std::to_string(a) + "; got " + std::to_string(k),
        {{"x", x.shape()}});
  return gathered(x, a, k, largest);
}

#define BABELGRAD_INSTANTIATE(T)                                      \
  template IntArray argmax(const Array<T>&);                          \
  template IntArray argmax(const Array<T>&, std::ptrdiff_t, KeepDim); \
  template IntArray argmin(const Array<T>&);                          \
  template IntArray argmin(const Array<T>&, std::ptrdiff_t, KeepDim); \
  template IntArray argsort(const Array<T>&, std::ptrdiff_t, bool);   \
  template Ordered<T> sort(const Tensor<T>&, std::ptrdiff_t, bool);   \
  template Ordered<T> topk(const Tensor<T>&, std::size_t, std::ptrdiff_t, bool);
BABELGRAD_INSTANTIATE(float)
BABELGRAD_INSTANTIATE(double)
#undef BABELGRAD_INSTANTIATE

}  // namespace babelgrad
