#include <algorithm>
#include <cmath>
#include <limits>

#include "babelgrad/autograd/cross_entropy.h"
#include "babelgrad/autograd/kernels/kernels.h"
#include "babelgrad/autograd/ops.h"
#include "babelgrad/autograd/profile.h"
#include "babelgrad/autograd/vjp.h"

namespace babelgrad {
namespace {

struct Rows {
  std::size_t count, n;
};

template <class T>
Rows check_rows(const char* op, const Tensor<T>& x, const IntArray& mask) {
  if (x.rank() == 0 || x.shape().back() == 0)
    throw_shape_error(op, "need x [..., N] with N >= 1", {{"x", x.shape()}});
  if (given(mask) && mask.shape() != x.shape())
    throw_shape_error(op, "need a mask of x's shape", {{"x", x.shape()}, {"mask", mask.shape()}});
  return {x.size() / x.shape().back(), x.shape().back()};
}

// y = x, or `value` where the mask is 0.
template <class T>
void mask_elements(const std::int32_t* mask, const T* x, T value, std::size_t n, T* y) {
  for (std::size_t i = 0; i < n; ++i) y[i] = mask[i] == 0 ? value : x[i];
}

// Masked elements become minus infinity, whose exponential is 0.
template <class T>
Array<T> masked(const Array<T>& x, const IntArray& mask) {
  if (!given(mask)) return x;
  Array<T> y = uninitialized<T>(x.shape());
  mask_elements(mask.data(), x.data(), -std::numeric_limits<T>::infinity(), y.size(), y.data());
  return y;
}

bool row_is_masked(const IntArray& mask, std::size_t row, std::size_t n) {
  if (!given(mask)) return false;
  const std::int32_t* begin = mask.data() + row * n;
  return std::all_of(begin, begin + n, [](std::int32_t keep) { return keep == 0; });
}

}  // namespace

template <class T>
Tensor<T> softmax(const Tensor<T>& x, const IntArray& mask) {
  const ProfileScope profile("softmax");
  const Rows rows = check_rows("softmax", x, mask);
  Array<T> y = masked(x.value(), mask);
  for (std::size_t r = 0; r < rows.count; ++r) {
    T* row = y.data() + r * rows.n;
    if (row_is_masked(mask, r, rows.n))
      std::fill_n(row, rows.n, T(0));
    else
      kernels<T>().softmax_row(rows.n, row);
  }
  return record<T>("softmax", {x}, std::move(y), [rows](Vjp<T>& c) {
    Array<T> g = std::move(c.grad);
    for (std::size_t i = 0; i < g.size(); i += rows.n)
      kernels<T>().softmax_row_backward(rows.n, c.out().data() + i, g.data() + i, g.data() + i);
    c.accumulate(0, std::move(g));
  });
}

template <class T>
Tensor<T> log_softmax(const Tensor<T>& x, const IntArray& mask) {
  const ProfileScope profile("log_softmax");
  const Rows rows = check_rows("log_softmax", x, mask);
  Array<T> y = masked(x.value(), mask);
  for (std::size_t r = 0; r < rows.count; ++r) {
    T* row = y.data() + r * rows.n;
    if (!row_is_masked(mask, r, rows.n)) kernels<T>().log_softmax_row(rows.n, row);
  }
  if (given(mask))
    mask_elements(mask.data(), y.data(), std::numeric_limits<T>::lowest(), y.size(), y.data());
  return record<T>("log_softmax", {x}, std::move(y), [rows](Vjp<T>& c) {
    Array<T> g = std::move(c.grad);
    for (std::size_t i = 0; i < g.size(); i += rows.n)
      kernels<T>().log_softmax_row_backward(rows.n, c.out().data() + i, g.data() + i, g.data() + i);
    c.accumulate(0, std::move(g));
  });
}

template <class T>
Tensor<T> layer_norm(const Tensor<T>& x, const Tensor<T>& gain, const Tensor<T>& bias,
                     std::type_identity_t<T> epsilon) {
  const ProfileScope profile("layer_norm");
  if (x.rank() == 0 || x.shape().back() == 0 || gain.shape() != Shape{x.shape().back()} ||
      bias.shape() != gain.shape())
    throw_shape_error("layer_norm", "need x [..., N], gain [N] and bias [N]",
                      {{"x", x.shape()}, {"gain", gain.shape()}, {"bias", bias.shape()}});
  const std::size_t n = gain.dim(0), rows = x.size() / n;
  struct Saved {
    Array<T> normal, inverse;
  } saved{uninitialized<T>(x.shape()), uninitialized<T>({rows})};  // inverse: 1 / deviation
  Array<T> y = uninitialized<T>(x.shape());
  for (std::size_t r = 0; r < rows; ++r)
    saved.inverse.data()[r] = kernels<T>().layer_norm_row(
        n, x.value().data() + r * n, gain.value().data(), bias.value().data(), epsilon,
        saved.normal.data() + r * n, y.data() + r * n);
  auto backward = [n, rows, saved = std::move(saved)](Vjp<T>& c) {
    const Kernels<T>& k = kernels<T>();
    const T* normal = saved.normal.data();
    if (c.wants(2)) k.sum_rows(rows, n, c.grad.data(), n, c.sum_buffer(2));
    if (c.wants(1)) {
      T* sums = c.sum_buffer(1);
      for (std::size_t i = 0; i < c.grad.size(); i += n)
        k.multiply_add(n, c.grad.data() + i, normal + i, sums);
    }
    if (!c.wants(0)) return;
    Array<T> dx = std::move(c.grad);
    for (std::size_t r = 0; r < rows; ++r)
      k.layer_norm_row_backward(n, dx.data() + r * n, normal + r * n, c.in(1).data(),
                                saved.inverse.data()[r], dx.data() + r * n);
    c.accumulate(0, std::move(dx));
  };
  return record<T>("layer_norm", {x, gain, bias}, std::move(y), std::move(backward));
}

template <class T>
Tensor<T> cross_entropy(const Tensor<T>& logits, const IntArray& targets,
                        const CrossEntropyOptions& options) {
  const ProfileScope profile("cross_entropy");
  const Rows rows = check_rows("cross_entropy", logits, {});
  const CountedTargets counted =
      check_targets("cross_entropy", logits.shape(), rows.n, targets, options);
  const bool needs_gradient = records_history({logits});
  Array<T> gradient = needs_gradient ? zeros<T>(logits.shape()) : uninitialized<T>({rows.n});
  const T share = static_cast<T>(1 / counted.normalizer);
  T loss = 0;
  for (std::size_t r : counted.rows) {
    T* row = gradient.data() + (needs_gradient ? r * rows.n : 0);
    std::copy_n(logits.value().data() + r * rows.n, rows.n, row);
    loss += share * kernels<T>().cross_entropy_row(
                        rows.n, row, nullptr, static_cast<std::size_t>(targets.data()[r]),
                        static_cast<T>(options.label_smoothing), needs_gradient ? share : T(0));
  }
  return record<T>("cross_entropy", {logits}, scalar(loss),
                   [gradient = std::move(gradient)](Vjp<T>& c) mutable {
                     Array<T> g = c.last_visit() ? std::move(gradient) : gradient;
                     kernels<T>().scale(g.size(), *c.grad.data(), g.data());
                     c.accumulate(0, std::move(g));
                   });
}

#define BABELGRAD_INSTANTIATE(T)                                                      \
  template Tensor<T> softmax(const Tensor<T>&, const IntArray&);                      \
  template Tensor<T> log_softmax(const Tensor<T>&, const IntArray&);                  \
  template Tensor<T> layer_norm(const Tensor<T>&, const Tensor<T>&, const Tensor<T>&, \
                                std::type_identity_t<T>);                             \
  template Tensor<T> cross_entropy(const Tensor<T>&, const IntArray&, const CrossEntropyOptions&);
BABELGRAD_INSTANTIATE(float)
BABELGRAD_INSTANTIATE(double)
#undef BABELGRAD_INSTANTIATE

}  // namespace babelgrad
