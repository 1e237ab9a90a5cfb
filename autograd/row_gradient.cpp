#include "babelgrad/autograd/row_gradient.h"

#include <algorithm>
#include <numeric>

#include "babelgrad/autograd/kernels/kernels.h"

namespace babelgrad {

template <class T>
Array<T>& Gradient<T>::make_dense(const Shape& shape) {
  if (by_rows) {
    dense = zeros<T>(shape);
    add_rows(*by_rows, dense);
    by_rows.reset();
  }
  return dense;
}

template <class T>
RowGradient<T> sum_by_row(const IntArray& indices, const Array<T>& values) {
  const std::size_t count = indices.size(), width = count == 0 ? 0 : values.size() / count;
  const std::int32_t* index = indices.data();
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [=](std::size_t a, std::size_t b) { return index[a] < index[b]; });
  RowGradient<T> sum;
  for (const std::size_t i : order)
    if (sum.rows.empty() || sum.rows.back() != index[i]) sum.rows.push_back(index[i]);
  sum.values = uninitialized<T>({sum.rows.size(), width});
  T* row = sum.values.data();
  for (std::size_t k = 0; k < count; ++k) {
    const T* value = values.data() + order[k] * width;
    if (k > 0 && index[order[k]] == index[order[k - 1]]) {
      kernels<T>().add(width, value, row - width);
    } else {
      std::copy_n(value, width, row);
      row += width;
    }
  }
  return sum;
}

template <class T>
void add_rows(const RowGradient<T>& more, RowGradient<T>& sum) {
  if (more.rows.empty()) return;
  const std::size_t width = more.values.shape()[1];
  std::vector<std::int32_t> rows;
  std::set_union(sum.rows.begin(), sum.rows.end(), more.rows.begin(), more.rows.end(),
                 std::back_inserter(rows));
  Array<T> values = uninitialized<T>({rows.size(), width});
  std::size_t a = 0, b = 0;  // next row of sum, of more
  for (std::size_t k = 0; k < rows.size(); ++k) {
    T* row = values.data() + k * width;
    const bool in_sum = a < sum.rows.size() && sum.rows[a] == rows[k];
    const bool in_more = b < more.rows.size() && more.rows[b] == rows[k];
    if (in_sum) std::copy_n(sum.values.data() + a++ * width, width, row);
    const T* addend = more.values.data() + b * width;
    if (in_sum && in_more) kernels<T>().add(width, addend, row);
    if (!in_sum) std::copy_n(addend, width, row);
    b += in_more;
  }
  sum = {std::move(rows), std::move(values)};
}

template <class T>
void add_rows(const RowGradient<T>& more, Array<T>& sum) {
  if (more.rows.empty()) return;
  const std::size_t width = more.values.shape()[1];
  for (std::size_t k = 0; k < more.rows.size(); ++k)
    kernels<T>().add(width, more.values.data() + k * width,
                     sum.data() + static_cast<std::size_t>(more.rows[k]) * width);
}

#define BABELGRAD_INSTANTIATE(T)                                        \
  template struct Gradient<T>;                                          \
  template RowGradient<T> sum_by_row(const IntArray&, const Array<T>&); \
  template void add_rows(const RowGradient<T>&, RowGradient<T>&);       \
  template void add_rows(const RowGradient<T>&, Array<T>&);
BABELGRAD_INSTANTIATE(float)
BABELGRAD_INSTANTIATE(double)
#undef BABELGRAD_INSTANTIATE

}  // namespace babelgrad
