#include <algorithm>

#include "babelgrad/autograd/kernels/kernels.h"
#include "babelgrad/autograd/ops.h"
#include "babelgrad/autograd/profile.h"
#include "babelgrad/autograd/vjp.h"

namespace babelgrad {
namespace {

void check_indices(const char* op, const IntArray& indices, std::size_t limit) {
  for (std::size_t i = 0; i < indices.size(); ++i) {
    const std::int32_t index = indices.data()[i];
    if (index < 0 || static_cast<std::size_t>(index) >= limit)
      throw ShapeError(std::string(op) + ": need indices in [0, " + std::to_string(limit) +
                       "); got " + std::to_string(index) + " at position " + std::to_string(i));
  }
}

}  // namespace

template <class T>
Tensor<T> gather_rows(const Tensor<T>& table, const IntArray& indices) {
  const ProfileScope profile("gather_rows");
  if (table.rank() != 2)
    throw_shape_error("gather_rows", "need a table [V, E]", {{"table", table.shape()}});
  check_indices("gather_rows", indices, table.dim(0));
  const std::size_t width = table.dim(1);
  Shape shape(indices.shape().begin(), indices.shape().end());
  shape.push_back(width);
  Array<T> rows = uninitialized<T>(shape);
  for (std::size_t i = 0; i < indices.size(); ++i)
    std::copy_n(table.value().data() + indices.data()[i] * width, width, rows.data() + i * width);
  return record<T>("gather_rows", {table}, std::move(rows), [indices](Vjp<T>& c) {
    c.accumulate_rows(0, indices, c.grad);  // d table[indices[i]] += d rows[i]
  });
}

template <class T>
Tensor<T> pick(const Tensor<T>& x, const IntArray& indices) {
  const ProfileScope profile("pick");
  if (x.rank() == 0 || !std::equal(x.shape().begin(), x.shape().end() - 1, indices.shape().begin(),
                                   indices.shape().end()))
    throw_shape_error("pick", "need x [..., N] and indices [...]",
                      {{"x", x.shape()}, {"indices", indices.shape()}});
  const std::size_t n = x.shape().back();
  check_indices("pick", indices, n);
  Array<T> picked = uninitialized<T>(indices.shape());
  for (std::size_t i = 0; i < indices.size(); ++i)
    picked.data()[i] = x.value().data()[i * n + indices.data()[i]];
  return record<T>("pick", {x}, std::move(picked), [indices = indices, n](Vjp<T>& c) {
    T* sums = c.sum_buffer(0);
    for (std::size_t i = 0; i < indices.size(); ++i)
      sums[i * n + indices.data()[i]] += c.grad.data()[i];
  });
}

#define BABELGRAD_INSTANTIATE(T)                                     \
  template Tensor<T> gather_rows(const Tensor<T>&, const IntArray&); \
  template Tensor<T> pick(const Tensor<T>&, const IntArray&);
BABELGRAD_INSTANTIATE(float)
BABELGRAD_INSTANTIATE(double)
#undef BABELGRAD_INSTANTIATE

}  // namespace babelgrad
