// Reductions that are more than a sum: extremes of all elements, products, spreads, norms, running
// sums.
#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <type_traits>

#include "babelgrad/autograd/inspection/profile.h"
#include "babelgrad/autograd/kernels/kernels.h"
#include "babelgrad/autograd/kernels/prefetch.h"
#include "babelgrad/autograd/kernels/transpose.h"
#include "babelgrad/autograd/ops.h"
#include "babelgrad/autograd/ops/axis_view.h"
#include "babelgrad/autograd/ops/each.h"
#include "babelgrad/autograd/ops/reduction.h"
#include "babelgrad/autograd/ops/sums.h"

namespace babelgrad {

template <class T>
Tensor<T> max(const Tensor<T>& x) {
  return amax(x);
}

template <class T>
Tensor<T> min(const Tensor<T>& x) {
  return amin(x);
}

namespace {

// The definition of prod: the upper half times the lower, until one row is left. Each element's
// gradient is then the product of the others, whether some are 0 or not.
template <class T>
Tensor<T> composed_prod(const Tensor<T>& x, const Reduction& r) {
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

template <class T>
T product(std::size_t n, const T* x) {
  constexpr std::size_t kLanes = 16;  // a product waits for the one before
  T lanes[kLanes];
  std::fill_n(lanes, kLanes, T(1));
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes)
    for (std::size_t k = 0; k < kLanes; ++k) lanes[k] *= x[i + k];
  for (; i < n; ++i) lanes[0] *= x[i];
  return std::accumulate(lanes + 1, lanes + kLanes, lanes[0], std::multiplies<T>());
}

}  // namespace

template <class T>
Tensor<T> prod(const Tensor<T>& x, const Axes& axes, KeepDim keepdim) {
  const ProfileScope profile("prod");
  const Reduction r("prod", x.shape(), axes, keepdim);
  Array<T> y = ones<T>(r.kept);
  for_each_block(x.shape(), r.kept, [&](const ReducedBlock& b) {
    const T* row = x.value().data() + b.dense;
    T* to = y.data() + b.reduced;
    if (b.to_one && b.cols < kShortRow)
      return fold_short_rows(b, row, b.step, to, std::multiplies<T>());
    for (std::size_t i = 0; i < b.rows; ++i, row += b.step)
      if (b.to_one)
        to[i] *= product(b.cols, row);
      else
        kernels<T>().multiply(b.cols, row, to, to);
  });
  if (r.count == 0) return std::move(y).reshaped(r.result);
  const Definition<T> definition = [r](const std::vector<Tensor<T>>& in) {
    return composed_prod(in[0], r);
  };
  const auto vjp = [kept = r.kept, definition](Vjp<T>& c) {
    const bool divisible = std::all_of(c.out().begin(), c.out().end(),
                                       [](T product) { return std::isnormal(product); });
    if (!divisible) return differentiate_definition(c, definition);
    const auto others = [](T v, T g, T all) { return g * (all / v); };
    c.accumulate(0, each(others, c.in(0), c.grad.reshaped(kept), c.out().reshaped(kept)));
  };
  return record("prod", {x}, std::move(y).reshaped(r.result), vjp, definition);
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
  const Array<T> means = mean(x, axes, true);
  Array<T> y = sum_of<T>(x.shape(), spread.over.kept, [&](const ReducedBlock& b, T* to) {
    const T *row = x.data() + b.dense, *m = means.data() + b.reduced;
    for (std::size_t r = 0; r < b.rows; ++r, row += b.step, to += b.cols)
      for (std::size_t i = 0; i < b.cols; ++i) {
        const T distance = row[i] - m[b.to_one ? r : i];
        to[i] = distance * distance;
      }
  });
  kernels<T>().scale(y.size(), static_cast<T>(spread.share), y.data());
  return std::move(y).reshaped(spread.over.result);
}

constexpr auto from_mean = [](auto v, auto mean, auto slope) { return (v - mean) * slope; };

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
                  c.accumulate(0, each(from_mean, c.in(0), mean(c.in(0), axes, true), slope));
                });
}

template <class T>
Tensor<T> stddev(const Tensor<T>& x, const Axes& axes, VarOptions options) {
  const ProfileScope profile("stddev");
  const Spread spread("stddev", x.shape(), axes, options);
  return record("stddev", {x}, sqrt(variance(x.value(), axes, spread)),
                [axes, kept = spread.over.kept, share = T(spread.share)](auto& c) {
                  const auto slope = reshape(over_nonzero(c.grad * share, c.out()), kept);
                  c.accumulate(0, each(from_mean, c.in(0), mean(c.in(0), axes, true), slope));
                });
}

template <class T>
Tensor<T> norm(const Tensor<T>& x, double p, const Axes& axes, KeepDim keepdim) {
  const ProfileScope profile("norm");
  const Reduction r("norm", x.shape(), axes, keepdim);
  if (p == 1) return sum(abs(x), axes, keepdim);
  if (p != 2) throw ShapeError("norm: need p = 1 or 2; got " + std::to_string(p));
  const Array<T> squares = sum_of<T>(x.shape(), r.kept, [&](const ReducedBlock& b, T* to) {
    const T* row = x.value().data() + b.dense;
    for (std::size_t i = 0; i < b.rows; ++i, row += b.step, to += b.cols)
      kernels<T>().multiply(b.cols, row, row, to);
  });
  Array<T> y = sqrt(squares).reshaped(r.result);
  return record("norm", {x}, std::move(y), [kept = r.kept](auto& c) {
    c.accumulate(0, c.in(0) * reshape(over_nonzero(c.grad, c.out()), kept));
  });
}

namespace {

// Running sums of rows of n elements, several rows side by side: a sum waits for the one before.
template <class T>
void running_sums_of_rows(std::size_t rows, std::size_t n, const T* x, T* y, bool reversed) {
  constexpr std::size_t kTile = 32;
  T tile[kTile * kTile] = {};
  for (std::size_t r = 0; r < rows; r += kTile) {
    const std::size_t height = std::min(kTile, rows - r);
    T sums[kTile] = {};
    for (std::size_t done = 0; done < n; done += kTile) {
      const std::size_t width = std::min(kTile, n - done);
      const std::size_t at = r * n + (reversed ? n - done - width : done);
      prefetch_block<Use::write>(height, width, y + at, n);
      prefetch_block<Use::read>(std::min(kTile, rows - r - height), width, x + at + height * n, n);
      transpose_matrix(height, width, x + at, n, tile, kTile);
      for (std::size_t i = 0; i < width; ++i) {
        T* column = tile + (reversed ? width - 1 - i : i) * kTile;
        for (std::size_t k = 0; k < kTile; ++k) column[k] = sums[k] += column[k];
      }
      transpose_matrix(width, height, tile, kTile, y + at, n);
    }
  }
}

// Running sums along an axis, from its begin or, reversed, from its end.
template <class T>
Array<T> running_sums(const Array<T>& x, std::ptrdiff_t axis, bool reversed) {
  const AxisView view(x.shape(), checked_axis("cumsum", axis, x.shape()));
  Array<T> y = uninitialized<T>(x.shape());
  if (y.size() == 0) return y;
  const std::size_t inner = view.inner, first = reversed ? (view.n - 1) * inner : 0;
  const std::ptrdiff_t step = static_cast<std::ptrdiff_t>(inner) * (reversed ? -1 : 1);
  if (inner == 1) {
    running_sums_of_rows(view.outer, view.n, x.data(), y.data(), reversed);
    return y;
  }
  for (std::size_t o = 0; o < view.outer; ++o) {
    const T* from = x.data() + o * view.n * inner + first;
    T* to = y.data() + o * view.n * inner + first;
    std::copy_n(from, inner, to);
    for (std::size_t i = 1; i < view.n; ++i) {
      const T* before = to;
      from += step, to += step;
      for (std::size_t j = 0; j < inner; ++j) to[j] = before[j] + from[j];
    }
  }
  return y;
}

template <class T>
Array<T> cumsum_slope(const Array<T>& g, std::ptrdiff_t axis) {
  return running_sums(g, axis, true);
}
template <class T>
Tensor<T> cumsum_slope(const Tensor<T>& g, std::ptrdiff_t axis) {
  return flip(cumsum(flip(g, axis), axis), axis);
}

}  // namespace

template <class T>
Array<T> cumsum(const Array<T>& x, std::ptrdiff_t axis) {
  return running_sums(x, axis, false);
}
template <class T>
Tensor<T> cumsum(const Tensor<T>& x, std::ptrdiff_t axis) {
  const ProfileScope profile("cumsum");
  return record("cumsum", {x}, cumsum(x.value(), axis),
                [axis](auto& c) { c.accumulate(0, cumsum_slope(c.grad, axis)); });
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
