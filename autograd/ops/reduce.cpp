// Reductions over axes, and broadcasting, which is what their gradients are made of.
#include <cmath>
#include <functional>
#include <limits>

#include "babelgrad/autograd/inspection/profile.h"
#include "babelgrad/autograd/kernels/kernels.h"
#include "babelgrad/autograd/kernels/prefetch.h"
#include "babelgrad/autograd/ops.h"
#include "babelgrad/autograd/ops/axis_walk.h"
#include "babelgrad/autograd/ops/each.h"
#include "babelgrad/autograd/ops/layout.h"
#include "babelgrad/autograd/ops/reduction.h"
#include "babelgrad/autograd/ops/sums.h"

namespace babelgrad {

Reduction::Reduction(const char* op, const Shape& shape, const Axes& axes, KeepDim keepdim) {
  std::vector<bool> reduced(shape.size(), axes.empty());
  for (const std::ptrdiff_t axis : axes) {
    const std::size_t i = checked_axis(op, axis, shape);
    if (reduced[i])
      throw_shape_error(op, "need distinct axes; got axis " + std::to_string(axis) + " twice",
                        {{"x", shape}});
    reduced[i] = true;
  }
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (reduced[i]) count *= shape[i];
    kept.push_back(reduced[i] ? 1 : shape[i]);
    if (!reduced[i] || keepdim.value) result.push_back(kept[i]);
  }
}

Reduction Reduction::of_some(const char* op, const Shape& shape, const Axes& axes,
                             KeepDim keepdim) {
  const Reduction r(op, shape, axes, keepdim);
  if (r.count == 0) throw_shape_error(op, "need at least one element to reduce", {{"x", shape}});
  return r;
}

namespace {

// The elements than which none is better, `worst` if there are none, in the shape `kept`; NaN
// counts as best. best_of_row is the kernel of the same.
template <class T, class Better>
Array<T> extremes(const Array<T>& x, const Shape& kept, T worst, Better is_better,
                  T (*best_of_row)(std::size_t, const T*)) {
  Array<T> y = full<T>(kept, worst);
  const auto better = [=](T a, T b) {  // no branch, so that loops are vectorised
    return (static_cast<int>(is_better(b, a)) | static_cast<int>(b != b)) ? b : a;
  };
  for_each_block(x.shape(), kept, [&](const ReducedBlock& b) {
    T* __restrict best = y.data() + b.reduced;
    const T* row = x.data() + b.dense;
    const std::size_t ahead = 2048 / b.cols;  // rows
    for (std::size_t r = 0; r < b.rows; ++r, row += b.step) {
      if (ahead > 0 && r + ahead < b.rows)
        prefetch_block<Use::read>(1, b.cols, row + ahead * b.step, b.step);
      if (b.to_one)
        best[r] = better(best[r], best_of_row(b.cols, row));
      else
        for (std::size_t i = 0; i < b.cols; ++i) best[i] = better(best[i], row[i]);
    }
  });
  return y;
}
template <class T>
Array<T> largest(const Array<T>& x, const Shape& kept) {
  return extremes(x, kept, -std::numeric_limits<T>::infinity(), std::greater<T>(),
                  kernels<T>().max_row);
}
template <class T>
Array<T> smallest(const Array<T>& x, const Shape& kept) {
  return extremes(x, kept, std::numeric_limits<T>::infinity(), std::less<T>(),
                  kernels<T>().min_row);
}

// exp(x - shift) of one block, its rows `step` elements apart; shift belongs to the reduced array.
template <class T>
void exponentials(const ReducedBlock& b, const T* x, const T* shift, std::size_t step, T* to) {
  const T* s = shift + b.reduced;
  for (std::size_t r = 0; r < b.rows; ++r, to += step) {
    const T* row = x + b.dense + r * b.step;
    if (b.to_one) {
      kernels<T>().exp(b.cols, row, s[r], to);
    } else {
      for (std::size_t i = 0; i < b.cols; ++i) to[i] = row[i] - s[i];
      kernels<T>().exp(b.cols, to, T(0), to);
    }
  }
}

// The gradient of logsumexp, g exp(x - y): in one pass over arrays, and over tensors.
template <class T>
Array<T> logsumexp_slope(Vjp<T>& c, const Shape& kept) {
  Array<T> g = uninitialized<T>(c.shape(0));
  for_each_block(g.shape(), kept, [&](const ReducedBlock& b) {
    T* to = g.data() + b.dense;
    exponentials(b, c.in(0).data(), c.out().data(), b.step, to);
    const T* d = c.grad.data() + b.reduced;
    for (std::size_t r = 0; r < b.rows; ++r, to += b.step)
      if (b.to_one)
        kernels<T>().scale(b.cols, d[r], to);
      else
        kernels<T>().multiply(b.cols, d, to, to);
  });
  return g;
}
template <class T>
Tensor<T> logsumexp_slope(GraphVjp<T>& c, const Shape& kept) {
  return reshape(c.grad, kept) * exp(c.in(0) - reshape(c.out(), kept));
}

// How many elements are true to each one of an array of `kept`; counted in whole numbers, since a
// float has none above 2^24.
template <class T>
Array<T> count_to(const Mask& mask, const Shape& kept) {
  std::vector<std::uint32_t> counts(element_count(kept), 0);
  for_each_block(mask.shape(), kept, [&](const ReducedBlock& b) {
    std::uint32_t* count = counts.data() + b.reduced;
    for (std::size_t r = 0; r < b.rows; ++r) {
      const std::uint8_t* row = mask.data() + b.dense + r * b.step;
      std::uint32_t in_row = 0;
      if (b.to_one)
        for (std::size_t i = 0; i < b.cols; ++i) in_row += row[i];
      else
        for (std::size_t i = 0; i < b.cols; ++i) count[i] += row[i];
      if (b.to_one) count[r] += in_row;
    }
  });
  Array<T> result = uninitialized<T>(kept);
  std::copy(counts.begin(), counts.end(), result.begin());
  return result;
}

// The elements that equal the extreme share its gradient.
template <class T>
Tensor<T> record_extreme(const char* name, const Tensor<T>& x, Array<T> y, const Shape& kept) {
  return record(name, {x}, std::move(y), [kept](auto& c) {
    const Mask chosen = c.in(0) == reshape(c.out(), kept);
    const std::remove_cvref_t<decltype(c.grad)> ties(count_to<T>(chosen, kept));
    const auto share = reshape(c.grad, kept) / ties;
    c.accumulate(0, where(chosen, share, 0));
  });
}

}  // namespace

template <class T>
Array<T> sum_to(const Array<T>& x, const Shape& shape) {
  if (!can_broadcast(shape, x.shape()))
    throw_shape_error("sum_to", "need a shape that broadcasts to x's",
                      {{"x", x.shape()}, {"shape", shape}});
  return x.shape() == shape ? x.alias() : sum_to_shape(x, shape);
}
template <class T>
Tensor<T> sum_to(const Tensor<T>& x, const Shape& shape) {
  const ProfileScope profile("sum_to");
  return record("sum_to", {x}, sum_to(x.value(), shape),
                [](auto& c) { c.accumulate(0, broadcast_to(c.grad, c.shape(0))); });
}

template <class T>
Array<T> broadcast_to(const Array<T>& x, const Shape& shape) {
  if (!can_broadcast(x.shape(), shape))
    throw_shape_error("broadcast_to", "need sizes equal to the target's or 1, from the last axis",
                      {{"x", x.shape()}, {"target", shape}});
  return broadcast_array(x, shape);
}
template <class T>
Tensor<T> broadcast_to(const Tensor<T>& x, const Shape& shape) {
  const ProfileScope profile("broadcast_to");
  return record("broadcast_to", {x}, broadcast_to(x.value(), shape),
                [](auto& c) { c.accumulate(0, sum_to(c.grad, c.shape(0))); });
}

template <class T>
Array<T> sum(const Array<T>& x, const Axes& axes, KeepDim keepdim) {
  const Reduction r("sum", x.shape(), axes, keepdim);
  return sum_to_shape(x, r.kept).reshaped(r.result);
}
template <class T>
Tensor<T> sum(const Tensor<T>& x, const Axes& axes, KeepDim keepdim) {
  const ProfileScope profile("sum");
  const Reduction r("sum", x.shape(), axes, keepdim);
  return record("sum", {x}, sum(x.value(), axes, keepdim), [kept = r.kept](auto& c) {
    c.accumulate(0, broadcast_to(reshape(c.grad, kept), c.shape(0)));
  });
}

template <class T>
Array<T> mean(const Array<T>& x, const Axes& axes, KeepDim keepdim) {
  const Reduction r = Reduction::of_some("mean", x.shape(), axes, keepdim);
  Array<T> y = sum_to_shape(x, r.kept).reshaped(r.result);
  kernels<T>().scale(y.size(), T(1) / static_cast<T>(r.count), y.data());
  return y;
}
template <class T>
Tensor<T> mean(const Tensor<T>& x, const Axes& axes, KeepDim keepdim) {
  const ProfileScope profile("mean");
  const Reduction r = Reduction::of_some("mean", x.shape(), axes, keepdim);
  const T share = T(1) / static_cast<T>(r.count);
  return record("mean", {x}, mean(x.value(), axes, keepdim), [kept = r.kept, share](auto& c) {
    c.accumulate(0, broadcast_to(reshape(c.grad * share, kept), c.shape(0)));
  });
}

template <class T>
Array<T> amax(const Array<T>& x, const Axes& axes, KeepDim keepdim) {
  const Reduction r = Reduction::of_some("amax", x.shape(), axes, keepdim);
  return largest(x, r.kept).reshaped(r.result);
}
template <class T>
Tensor<T> amax(const Tensor<T>& x, const Axes& axes, KeepDim keepdim) {
  const ProfileScope profile("amax");
  return record_extreme("amax", x, amax(x.value(), axes, keepdim),
                        Reduction("amax", x.shape(), axes, keepdim).kept);
}

template <class T>
Array<T> amin(const Array<T>& x, const Axes& axes, KeepDim keepdim) {
  const Reduction r = Reduction::of_some("amin", x.shape(), axes, keepdim);
  return smallest(x, r.kept).reshaped(r.result);
}
template <class T>
Tensor<T> amin(const Tensor<T>& x, const Axes& axes, KeepDim keepdim) {
  const ProfileScope profile("amin");
  return record_extreme("amin", x, amin(x.value(), axes, keepdim),
                        Reduction("amin", x.shape(), axes, keepdim).kept);
}

template <class T>
Tensor<T> logsumexp(const Tensor<T>& x, const Axes& axes, KeepDim keepdim) {
  const ProfileScope profile("logsumexp");
  const Reduction r = Reduction::of_some("logsumexp", x.shape(), axes, keepdim);
  Array<T> shift = largest(x.value(), r.kept);
  for (T& s : shift)  // else infinity - infinity
    if (!std::isfinite(s)) s = T(0);
  Array<T> sums = sum_of<T>(x.shape(), r.kept, [&](const ReducedBlock& b, T* to) {
    exponentials(b, x.value().data(), shift.data(), b.cols, to);
  });
  Array<T> y = log(sums) + shift;
  return record("logsumexp", {x}, std::move(y).reshaped(r.result),
                [kept = r.kept](auto& c) { c.accumulate(0, logsumexp_slope(c, kept)); });
}

#define BABELGRAD_INSTANTIATE_REDUCTION(T, name)                 \
  template Array<T> name(const Array<T>&, const Axes&, KeepDim); \
  template Tensor<T> name(const Tensor<T>&, const Axes&, KeepDim);
#define BABELGRAD_INSTANTIATE(T)                                        \
  BABELGRAD_INSTANTIATE_REDUCTION(T, sum)                               \
  BABELGRAD_INSTANTIATE_REDUCTION(T, mean)                              \
  BABELGRAD_INSTANTIATE_REDUCTION(T, amax)                              \
  BABELGRAD_INSTANTIATE_REDUCTION(T, amin)                              \
  template Tensor<T> logsumexp(const Tensor<T>&, const Axes&, KeepDim); \
  template Array<T> sum_to(const Array<T>&, const Shape&);              \
  template Tensor<T> sum_to(const Tensor<T>&, const Shape&);            \
  template Array<T> broadcast_to(const Array<T>&, const Shape&);        \
  template Tensor<T> broadcast_to(const Tensor<T>&, const Shape&);
BABELGRAD_INSTANTIATE(float)
BABELGRAD_INSTANTIATE(double)
#undef BABELGRAD_INSTANTIATE
#undef BABELGRAD_INSTANTIATE_REDUCTION

}  // namespace babelgrad
