#include <algorithm>
#include <cmath>

#include "babelgrad/autograd/layout.h"
#include "babelgrad/autograd/ops.h"
#include "babelgrad/autograd/vjp.h"

namespace babelgrad {
namespace {

// How x is reduced: its axes reordered so that the reduced ones come last make a matrix
// [rows, n], one row an element of the result.
struct Plan {
  std::vector<std::size_t> order;  // kept axes, then reduced axes
  std::size_t rows = 1, n = 1;
  Shape result;  // the shape that is returned
  Shape kept;    // the same with reduced axes as 1

  // From x's layout to the matrix, and from the matrix back.
  template <class T>
  Array<T> to_matrix(const Array<T>& x) const {
    return in_order() ? x : transpose_array(x, order);
  }
  template <class T>
  Array<T> from_matrix(Array<T> matrix, const Shape& shape) const {
    if (in_order()) return reshaped(std::move(matrix), shape);
    std::vector<std::size_t> inverse(order.size());
    Shape moved(order.size());
    for (std::size_t i = 0; i < order.size(); ++i) {
      inverse[order[i]] = i;
      moved[i] = shape[order[i]];
    }
    return transpose_array(reshaped(std::move(matrix), moved), inverse);
  }
  bool in_order() const { return std::is_sorted(order.begin(), order.end()); }
};

Plan make_plan(const char* op, const Shape& shape, const Reduce& over, bool needs_elements) {
  std::vector<bool> reduced(shape.size(), over.axes.empty());
  for (std::size_t axis : over.axes) {
    if (axis >= shape.size() || reduced[axis])
      throw_shape_error(op, "need distinct axes < rank",
                        {{"x", shape}, {"axes", Shape(over.axes.begin(), over.axes.end())}});
    reduced[axis] = true;
  }
  Plan plan;
  for (const bool pass : {false, true})
    for (std::size_t i = 0; i < shape.size(); ++i)
      if (reduced[i] == pass) plan.order.push_back(i);
  for (std::size_t i = 0; i < shape.size(); ++i) {
    (reduced[i] ? plan.n : plan.rows) *= shape[i];
    plan.kept.push_back(reduced[i] ? 1 : shape[i]);
    if (!reduced[i] || over.keep_dims) plan.result.push_back(plan.kept.back());
  }
  if (needs_elements && plan.n == 0)
    throw_shape_error(op, "need at least one element to reduce", {{"x", shape}});
  return plan;
}

template <class T, class Function>
Array<T> reduce_rows(const Plan& plan, const Array<T>& x, Function reduce) {
  const Array<T> matrix = plan.to_matrix(x);
  Array<T> result = uninitialized<T>(plan.result);
  for (std::size_t r = 0; r < plan.rows; ++r) result.data()[r] = reduce(matrix.data() + r * plan.n);
  return result;
}

// The gradient of x whose matrix has rows(r, row pointer of x, row pointer to fill).
template <class T, class Function>
Array<T> spread_rows(const Plan& plan, const Array<T>& x, Function fill) {
  const Array<T> matrix = plan.to_matrix(x);
  Array<T> g = uninitialized<T>({plan.rows, plan.n});
  for (std::size_t r = 0; r < plan.rows; ++r)
    fill(r, matrix.data() + r * plan.n, g.data() + r * plan.n);
  return plan.from_matrix(std::move(g), x.shape());
}

template <class T>
Array<T> spread_evenly(const Plan& plan, Array<T> grad, const Shape& shape, T factor) {
  const Array<T> kept = reshaped(std::move(grad), plan.kept);
  return factor * xt::broadcast(kept, shape);
}

template <class T>
T row_sum(const T* row, std::size_t n) {
  T total = 0;
  for (std::size_t i = 0; i < n; ++i) total += row[i];
  return total;
}

}  // namespace

template <class T>
Tensor<T> sum(const Tensor<T>& x, const Reduce& over) {
  const Plan plan = make_plan("sum", x.shape(), over, false);
  Array<T> y = reduce_rows(plan, x.value(), [&](const T* row) { return row_sum(row, plan.n); });
  return record<T>("sum", {x}, std::move(y), [plan](Vjp<T>& c) {
    c.accumulate(0, spread_evenly(plan, std::move(c.grad), c.in(0).shape(), T(1)));
  });
}

template <class T>
Tensor<T> mean(const Tensor<T>& x, const Reduce& over) {
  const Plan plan = make_plan("mean", x.shape(), over, true);
  const T share = T(1) / static_cast<T>(plan.n);
  Array<T> y =
      reduce_rows(plan, x.value(), [&](const T* row) { return share * row_sum(row, plan.n); });
  return record<T>("mean", {x}, std::move(y), [plan, share](Vjp<T>& c) {
    c.accumulate(0, spread_evenly(plan, std::move(c.grad), c.in(0).shape(), share));
  });
}

template <class T>
Tensor<T> max(const Tensor<T>& x, const Reduce& over) {
  const Plan plan = make_plan("max", x.shape(), over, true);
  Array<T> y = reduce_rows(plan, x.value(), [&](const T* row) {
    return *std::max_element(row, row + plan.n, [](T a, T b) {  // NaN counts as largest
      return a < b || (std::isnan(b) && !std::isnan(a));
    });
  });
  return record<T>("max", {x}, std::move(y), [plan](Vjp<T>& c) {
    const auto fill = [&](std::size_t r, const T* row, T* g) {
      const T best = c.out().data()[r];
      const T share = c.grad.data()[r] / static_cast<T>(std::count(row, row + plan.n, best));
      for (std::size_t i = 0; i < plan.n; ++i) g[i] = row[i] == best ? share : T(0);
    };
    c.accumulate(0, spread_rows(plan, c.in(0), fill));
  });
}

template <class T>
Tensor<T> logsumexp(const Tensor<T>& x, const Reduce& over) {
  const Plan plan = make_plan("logsumexp", x.shape(), over, true);
  Array<T> y = reduce_rows(plan, x.value(), [&](const T* row) {
    const T most = *std::max_element(row, row + plan.n);
    if (!std::isfinite(most)) return most;
    T total = 0;
    for (std::size_t i = 0; i < plan.n; ++i) total += std::exp(row[i] - most);
    return most + std::log(total);
  });
  return record<T>("logsumexp", {x}, std::move(y), [plan](Vjp<T>& c) {
    const auto fill = [&](std::size_t r, const T* row, T* g) {
      for (std::size_t i = 0; i < plan.n; ++i)
        g[i] = c.grad.data()[r] * std::exp(row[i] - c.out().data()[r]);
    };
    c.accumulate(0, spread_rows(plan, c.in(0), fill));
  });
}

#define BABELGRAD_INSTANTIATE(T)                            \
  template Tensor<T> sum(const Tensor<T>&, const Reduce&);  \
  template Tensor<T> mean(const Tensor<T>&, const Reduce&); \
  template Tensor<T> max(const Tensor<T>&, const Reduce&);  \
  template Tensor<T> logsumexp(const Tensor<T>&, const Reduce&);
BABELGRAD_INSTANTIATE(float)
BABELGRAD_INSTANTIATE(double)
#undef BABELGRAD_INSTANTIATE

}  // namespace babelgrad
