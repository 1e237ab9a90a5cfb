// Reductions that are more than a sum: extremes of all elements, products, spreads, norms, running
// sums.
#include <algorithm>
#include <numeric>

#include "babelgrad/autograd/inspection/profile.h"
#include "babelgrad/autograd/kernels/kernels.h"
#include "babelgrad/autograd/ops.h"
#include "babelgrad/autograd/ops/axis_view.h"
#include "babelgrad/autograd/ops/each.h"
#include "babelgrad/autograd/ops/layout.h"
#include "babelgrad/autograd/ops/reduction.h"

namespace babelgrad {

template <class T>
Tensor<T> max(const Tensor<T>& x) {
  return amax(x);
}

template <class T>
Tensor<T> min(const Tensor<T>& x) {
  return amin(x);
}

// The upper half times the lower, until one row is left: each element's gradient is then the
// product of the others, whether some are 0 or not.
template <class T>
Tensor<T> prod(const Tensor<T>& x, const Axes& axes, KeepDim keepdim) {
  const ProfileScope profile("prod");
  const Reduction r("prod", x.shape(), axes, keepdim);
  if (r.count == 0) return ones<T>(r.result);
  std::vector<std::ptrdiff_t> order, kept;  // reduced axes first
  for (std::size_t i = 0; i < x.rank(); ++i)
    (r.kept[i] != x.shape()[i] ? order : kept).push_back(static_cast<std::ptrdiff_t>(i));
  order.insert(order.end(), kept.begin(), kept.end());
  const bool in_order = std::is_sorted(order.begin(), order.end());
  Tensor<T> rows = reshape(in_order ? x : permute(x, Axes(order)), {r.count, x.size() / r.count});
  while (rows.dim(0) > 1) {
    const std::ptrdiff_t n = static_cast<std::ptrdiff_t>(rows.dim(0)), half = n / 2;
    const Tensor<T> pairs = slice(rows, 0, 0, half) * slice(rows, 0, half, 2 * half);
    rows = n % 2 == 0 ? pairs : cat({pairs, slice(rows, 0, 2 * half, n)}, 0);
  }
  return reshape(rows, r.result);
}

namespace {

// What var and stddev make one number of.
struct Spread {
  Reduction over;
  double share;  // 1 / (elements - correction)

  Spread(const char* op, const Shape& x, const Axes& axes, VarOptions options)
      : over(op, x, axes, options.keepdim) {
    if (over.count <= options.correction)
      throw_shape_error(
          op,
          "need more elements to reduce than the correction, " + std::to_string(options.correction),
          {{"x", x}});
    share = 1 / static_cast<double>(over.count - options.correction);
  }
};

template <class T>
Array<T> variance(const Array<T>& x, const Axes& axes, const Spread& spread) {
  const auto squared_distance = [](T v, T m) { return (v - m) * (v - m); };
  const Array<T> squares = each(squared_distance, x, mean(x, axes, true));
  Array<T> y = sum_to_shape(squares, spread.over.kept).reshaped(spread.over.result);
  kernels<T>().scale(y.size(), static_cast<T>(spread.share), y.data());
  return y;
}

// g / y, and 0 where y is.
template <class V>
V over_nonzero(const V& g, const V& y) {
  const Mask zero = y == 0;
  return masked_fill(g, zero, 0) / masked_fill(y, zero, 1);
}

}  // namespace

template <class T>
Tensor<T> var(const Tensor<T>& x, const Axes& axes, VarOptions options) {
  const ProfileScope profile("var");
  const Spread spread("var", x.shape(), axes, options);
  return record("var", {x}, variance(x.value(), axes, spread),
                [axes, kept = spread.over.kept, share = T(2 * spread.share)](auto& c) {
                  const auto slope = reshape(c.grad * share, kept);
                  c.accumulate(0, (c.in(0) - mean(c.in(0), axes, true)) * slope);
                });
}

template <class T>
Tensor<T> stddev(const Tensor<T>& x, const Axes& axes, VarOptions options) {
  const ProfileScope profile("stddev");
  const Spread spread("stddev", x.shape(), axes, options);
  return record("stddev", {x}, sqrt(variance(x.value(), axes, spread)),
                [axes, kept = spread.over.kept, share = T(spread.share)](auto& c) {
                  const auto slope = reshape(over_nonzero(c.grad * share, c.out()), kept);
                  c.accumulate(0, (c.in(0) - mean(c.in(0), axes, true)) * slope);
                });
}

template <class T>
Tensor<T> norm(const Tensor<T>& x, double p, const Axes& axes, KeepDim keepdim) {
  const ProfileScope profile("norm");
  const Reduction r("norm", x.shape(), axes, keepdim);
  if (p == 1) return sum(abs(x), axes, keepdim);
  if (p != 2) throw ShapeError("norm: need p = 1 or 2; got " + std::to_string(p));
  Array<T> y = sqrt(sum_to_shape(square(x.value()), r.kept)).reshaped(r.result);
  return record("norm", {x}, std::move(y), [kept = r.kept](auto& c) {
    c.accumulate(0, c.in(0) * reshape(over_nonzero(c.grad, c.out()), kept));
  });
}

template <class T>
Array<T> cumsum(const Array<T>& x, std::ptrdiff_t axis) {
  const AxisView view(x.shape(), checked_axis("cumsum", axis, x.shape()));
  Array<T> y = x;
  for (std::size_t o = 0; o < view.outer; ++o) {
    if (view.inner == 1) {  // the running sum stays in a register
      T* row = y.data() + o * view.n;
      std::partial_sum(row, row + view.n, row);
      continue;
    }
    for (std::size_t i = 1; i < view.n; ++i) {
      T* row = y.data() + (o * view.n + i) * view.inner;
      for (std::size_t j = 0; j < view.inner; ++j) row[j] += (row - view.inner)[j];
    }
  }
  return y;
}
template <class T>
Tensor<T> cumsum(const Tensor<T>& x, std::ptrdiff_t axis) {
  const ProfileScope profile("cumsum");
  return record("cumsum", {x}, cumsum(x.value(), axis),
                [axis](auto& c) { c.accumulate(0, flip(cumsum(flip(c.grad, axis), axis), axis)); });
}

#define BABELGRAD_INSTANTIATE(T)                                           \
  template Tensor<T> max(const Tensor<T>&);                                \
  template Tensor<T> min(const Tensor<T>&);                                \
  template Tensor<T> prod(const Tensor<T>&, const Axes&, KeepDim);         \
  template Tensor<T> var(const Tensor<T>&, const Axes&, VarOptions);       \
  template Tensor<T> stddev(const Tensor<T>&, const Axes&, VarOptions);    \
  template Tensor<T> norm(const Tensor<T>&, double, const Axes&, KeepDim); \
  template Array<T> cumsum(const Array<T>&, std::ptrdiff_t);               \
  template Tensor<T> cumsum(const Tensor<T>&, std::ptrdiff_t);
BABELGRAD_INSTANTIATE(float)
BABELGRAD_INSTANTIATE(double)
#undef BABELGRAD_INSTANTIATE

}  // namespace babelgrad
