#include <cmath>
#include <cstdint>
#include <limits>

#include "babelgrad/autograd/axis_walk.h"
#include "babelgrad/autograd/kernels/kernels.h"
#include "babelgrad/autograd/layout.h"
#include "babelgrad/autograd/ops.h"
#include "babelgrad/autograd/profile.h"
#include "babelgrad/autograd/vjp.h"

namespace babelgrad {
namespace {

struct Plan {
  std::size_t n = 1;  // elements of x to one of the result
  Shape result;       // the shape that is returned
  Shape kept;         // the same with reduced axes as 1
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
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (reduced[i]) plan.n *= shape[i];
    plan.kept.push_back(reduced[i] ? 1 : shape[i]);
    if (!reduced[i] || over.keep_dims) plan.result.push_back(plan.kept.back());
  }
  if (needs_elements && plan.n == 0)
    throw_shape_error(op, "need at least one element to reduce", {{"x", shape}});
  return plan;
}

// The largest elements, in the shape `kept`; NaN counts as largest.
template <class T>
Array<T> max_to_shape(const Array<T>& x, const Shape& kept) {
  Array<T> y = full<T>(kept, -std::numeric_limits<T>::infinity());
  const auto larger = [](T a, T b) { return b > a || std::isnan(b) ? b : a; };
  for_each_block(x.shape(), kept, [&](const ReducedBlock& b) {
    T* best = y.data() + b.reduced;
    if (b.to_one) *best = larger(*best, kernels<T>().max_row(b.cols, x.data() + b.dense));
    for (std::size_t r = 0; !b.to_one && r < b.rows; ++r) {
      const T* row = x.data() + b.dense + r * b.step;
      for (std::size_t i = 0; i < b.cols; ++i) best[i] = larger(best[i], row[i]);
    }
  });
  return y;
}

// How many elements of x equal their maximum.
template <class T>
IntArray count_ties(const Array<T>& x, const Array<T>& maxima, const Shape& kept) {
  IntArray ties = zeros<std::int32_t>(kept);
  for_each_block(x.shape(), kept, [&](const ReducedBlock& b) {
    const T* best = maxima.data() + b.reduced;
    std::int32_t* count = ties.data() + b.reduced;
    for (std::size_t r = 0; r < b.rows; ++r) {
      const T* row = x.data() + b.dense + r * b.step;
      std::int32_t equal = 0;
      if (b.to_one)
        for (std::size_t i = 0; i < b.cols; ++i) equal += row[i] == *best ? 1 : 0;
      else
        for (std::size_t i = 0; i < b.cols; ++i) count[i] += row[i] == best[i] ? 1 : 0;
      *count += equal;
    }
  });
  return ties;
}

// e = exp(x - shift) in one block; shift belongs to the reduced array.
template <class T>
void exponentials(const ReducedBlock& b, const T* x, const T* shift, T* e) {
  const T* s = shift + b.reduced;
  for (std::size_t r = 0; r < b.rows; ++r) {
    const T* row = x + b.dense + r * b.step;
    T* to = e + b.dense + r * b.step;
    if (b.to_one) {
      kernels<T>().exp(b.cols, row, *s, to);
    } else {
      for (std::size_t i = 0; i < b.cols; ++i) to[i] = row[i] - s[i];
      kernels<T>().exp(b.cols, to, T(0), to);
    }
  }
}

// The sums of exp(x - shift) in the shape `kept`, which is that of shift.
template <class T>
Array<T> sum_exponentials(const Array<T>& x, const Array<T>& shift, const Shape& kept) {
  Array<T> e = uninitialized<T>(x.shape());
  for_each_block(x.shape(), kept,
                 [&](const ReducedBlock& b) { exponentials(b, x.data(), shift.data(), e.data()); });
  return sum_to_shape(e, kept);
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
  Array<T> y = reshaped(max_to_shape(x.value(), plan.kept), plan.result);
  return record<T>("max", {x}, std::move(y), [plan](Vjp<T>& c) {
    const Array<T>& in = c.in(0);
    const IntArray ties = count_ties(in, c.out(), plan.kept);
    Array<T> g = uninitialized<T>(in.shape()), share = std::move(c.grad);
    for (std::size_t i = 0; i < share.size(); ++i)
      share.data()[i] /= static_cast<T>(ties.data()[i]);
    for_each_block(in.shape(), plan.kept, [&](const ReducedBlock& b) {
      const T *best = c.out().data() + b.reduced, *d = share.data() + b.reduced;
      for (std::size_t r = 0; r < b.rows; ++r) {
        const T* row = in.data() + b.dense + r * b.step;
        T* to = g.data() + b.dense + r * b.step;
        if (b.to_one)
          for (std::size_t i = 0; i < b.cols; ++i) to[i] = row[i] == *best ? *d : T(0);
        else
          for (std::size_t i = 0; i < b.cols; ++i) to[i] = row[i] == best[i] ? d[i] : T(0);
      }
    });
    c.accumulate(0, std::move(g));
  });
}

template <class T>
Tensor<T> logsumexp(const Tensor<T>& x, const Reduce& over) {
  const ProfileScope profile("logsumexp");
  const Plan plan = make_plan("logsumexp", x.shape(), over, true);
  Array<T> shift = max_to_shape(x.value(), plan.kept);
  for (std::size_t i = 0; i < shift.size(); ++i)  // else infinity - infinity
    if (!std::isfinite(shift.data()[i])) shift.data()[i] = T(0);
  Array<T> y = sum_exponentials(x.value(), shift, plan.kept);
  kernels<T>().log(y.size(), y.data(), y.data());
  kernels<T>().add(y.size(), shift.data(), y.data());
  return record<T>("logsumexp", {x}, reshaped(std::move(y), plan.result), [plan](Vjp<T>& c) {
    Array<T> g = uninitialized<T>(c.in(0).shape());
    for_each_block(g.shape(), plan.kept, [&](const ReducedBlock& b) {
      exponentials(b, c.in(0).data(), c.out().data(), g.data());
      const T* d = c.grad.data() + b.reduced;
      for (std::size_t r = 0; r < b.rows; ++r) {
        T* to = g.data() + b.dense + r * b.step;
        if (b.to_one)
          kernels<T>().scale(b.cols, *d, to);
        else
          kernels<T>().multiply(b.cols, d, to, to);
      }
    });
    c.accumulate(0, std::move(g));
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
