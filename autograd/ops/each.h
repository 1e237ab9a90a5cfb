// Loops over the elements of arrays that are broadcast against each other, for the elementwise
// ops: each(f, x...) calls f with numbers, in loops that the compiler vectorises. Given tensors it
// calls f once, with them: so a formula such as g * (1 - y * y) is written once, for both.
#pragma once

#include <algorithm>
#include <array>
#include <vector>

#include "babelgrad/autograd/broadcast.h"
#include "babelgrad/autograd/ops/axis_walk.h"
#include "babelgrad/autograd/tensor.h"

namespace babelgrad {

// The choice in formulas over numbers, as where(mask, a, b) is over tensors. Both are computed, so
// that the loop has no branch.
template <class T>
T where(bool condition, T a, std::type_identity_t<T> b) {
  return condition ? a : b;
}

template <class T>
void require_given(const Array<T>& x) {
  if (!x.given()) throw ShapeError("array: used before it was given elements");
}

// out[i] = f(x[i]...), where an operand whose step is false stays at x[0].
template <bool... kSteps, class Out, class F, class... Ts>
void each_in_row(const F& f, std::size_t n, Out* __restrict out, const bool* steps,
                 const Ts*... x) {
  if constexpr (sizeof...(kSteps) == sizeof...(Ts)) {
    for (std::size_t i = 0; i < n; ++i) out[i] = f(x[kSteps ? i : 0]...);
  } else if (steps[sizeof...(kSteps)]) {
    each_in_row<kSteps..., true>(f, n, out, steps, x...);
  } else {
    each_in_row<kSteps..., false>(f, n, out, steps, x...);
  }
}

// y = f(x...) element by element, the operands broadcast to `shape`.
template <class Out, class F, class... Arrays>
Array<Out> each_into(const Shape& shape, const F& f, const Arrays&... x) {
  constexpr std::size_t kOperands = sizeof...(Arrays);
  (require_given(x), ...);
  Array<Out> y = uninitialized<Out>(shape);
  if (y.size() == 0) return y;
  Out* out = y.data();
  std::array<bool, kOperands> steps;
  steps.fill(true);
  if (((x.shape() == shape) && ...)) {
    each_in_row(f, y.size(), out, steps.data(), x.data()...);
    return y;
  }
  const std::vector<BroadcastAxis<kOperands>> axes =
      broadcast_axes<kOperands>(shape, {x.shape()...});
  const BroadcastAxis<kOperands>& row = axes.back();
  for (std::size_t k = 0; k < kOperands; ++k) steps[k] = row.strides[k] != 0;
  walk_rows(axes, [&](const std::array<std::size_t, kOperands>& at) {
    [&]<std::size_t... k>(std::index_sequence<k...>) {
      each_in_row(f, row.size, out, steps.data(), (x.data() + at[k])...);
    }
    (std::make_index_sequence<kOperands>());
    out += row.size;
  });
  return y;
}

// Over the elements of arrays; the first has the shape of the result.
template <class T, class F, class... Arrays>
Array<T> each(const F& f, const Array<T>& first, const Arrays&... more) {
  return each_into<T>(first.shape(), f, first, more...);
}
template <class T, class F, class... Tensors>
Tensor<T> each(const F& f, const Tensor<T>& first, const Tensors&... more) {
  return f(first, more...);
}

// A formula of ops, element by element, over arrays of one shape: block by block, so that what lies
// between the ops stays in the cache. Given tensors it is called once.
template <class T, class F, class... Arrays>
Array<T> in_blocks(const F& formula, const Array<T>& first, const Arrays&... more) {
  constexpr std::size_t kBlock = 8192;  // elements
  const std::size_t n = first.size();
  if (n <= 2 * kBlock) return formula(first, more...);
  Array<T> y = uninitialized<T>(first.shape());
  for (std::size_t begin = 0; begin < n; begin += kBlock) {
    const std::size_t end = std::min(begin + kBlock, n);
    const auto block = [&](const Array<T>& x) { return x.reshaped({n}).leading(begin, end); };
    const Array<T> part = formula(block(first), block(more)...);
    std::copy_n(part.data(), part.size(), y.data() + begin);
  }
  return y;
}
template <class T, class F, class... Tensors>
Tensor<T> in_blocks(const F& formula, const Tensor<T>& first, const Tensors&... more) {
  return formula(first, more...);
}

}  // namespace babelgrad
