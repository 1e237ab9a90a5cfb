#include <algorithm>
#include <cstdint>

#include "babelgrad/autograd/kernels/kernels.h"
#include "babelgrad/autograd/layout.h"
#include "babelgrad/autograd/ops.h"
#include "babelgrad/autograd/profile.h"
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

  // x as the matrix; `storage` holds it if x's layout is another.
  template <class T>
  const T* matrix(const Array<T>& x, Array<T>& storage) const {
    if (in_order()) return x.data();
    storage = transpose_array(x, order);
    return storage.data();
  }
  // From the matrix back to x's layout.
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

// f(row) of each row of the matrix.
template <class T, class F>
Array<T> reduce_rows(const Plan& plan, const Array<T>& x, F f) {
  Array<T> storage, result = uninitialized<T>(plan.result);
  const T* rows = plan.matrix(x, storage);
  for (std::size_t r = 0; r < plan.rows; ++r) result.data()[r] = f(rows + r * plan.n);
  return result;
}

// The gradient of x whose matrix f(r, row of x, row to fill) makes.
template <class T, class F>
Array<T> spread_rows(const Plan& plan, const Array<T>& x, F f) {
  Array<T> storage, g = uninitialized<T>({plan.rows, plan.n});
  const T* rows = plan.matrix(x, storage);
  for (std::size_t r = 0; r < plan.rows; ++r) f(r, rows + r * plan.n, g.data() + r * plan.n);
  return plan.from_matrix(std::move(g), x.shape());
}

// factor * the sums, as the op `name`.
template <class T>
Tensor<T> record_sum(const char* name, const Plan& plan, const Tensor<T>& x, T factor) {
  const ProfileScope profile(name);
  Array<T> y = reshaped(sum_to_shape(x.value(), plan.kept), plan.result);
  kernels<T>().scale(y.size(), factor, y.data());
  return record<T>(name, {x}, std::move(y), [plan, factor](Vjp<T>& c) {
    Array<T> g = reshaped(std::move(c.grad), plan.kept);
    kernels<T>().scale(g.size(), factor, g.data());
    c.accumulate(0, broadcast_array(g, c.in(0).shape()));
  });
}

}  // namespace

template <class T>
Tensor<T> sum(const Tensor<T>& x, const Reduce& over) {
  return record_sum("sum", make_plan("sum", x.shape(), over, false), x, T(1));
}

template <class T>
Tensor<T> mean(const Tensor<T>& x, const Reduce& over) {
  const Plan plan = make_plan("mean", x.shape(), over, true);
  return record_sum("mean", plan, x, T(1) / static_cast<T>(plan.n));
}

template <class T>
Tensor<T> max(const Tensor<T>& x, const Reduce& over) {
  const ProfileScope profile("max");
  const Plan plan = make_plan("max", x.shape(), over, true);
  const auto largest = [n = plan.n](const T* row) { return kernels<T>().max_row(n, row); };
  return record<T>("max", {x}, reduce_rows(plan, x.value(), largest), [plan](Vjp<T>& c) {
    const auto fill = [&](std::size_t r, const T* row, T* g) {
      const T best = c.out().data()[r];
      std::uint32_t ties = 0;
      for (std::size_t i = 0; i < plan.n; ++i) ties += row[i] == best ? 1 : 0;
      const T share = c.grad.data()[r] / static_cast<T>(ties);
      for (std::size_t i = 0; i < plan.n; ++i) g[i] = row[i] == best ? share : T(0);
    };
    c.accumulate(0, spread_rows(plan, c.in(0), fill));
  });
}

template <class T>
Tensor<T> logsumexp(const Tensor<T>& x, const Reduce& over) {
  const ProfileScope profile("logsumexp");
  const Plan plan = make_plan("logsumexp", x.shape(), over, true);
  const auto total = [n = plan.n](const T* row) { return kernels<T>().log_sum_exp_row(n, row); };
  return record<T>("logsumexp", {x}, reduce_rows(plan, x.value(), total), [plan](Vjp<T>& c) {
    const auto fill = [&](std::size_t r, const T* row, T* g) {
      kernels<T>().exp(plan.n, row, c.out().data()[r], c.grad.data()[r], g);
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
