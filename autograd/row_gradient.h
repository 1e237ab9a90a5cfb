// RowGradient<T>: the gradient of a table [V, E] that is zero outside a few rows, as that of an
// embedding is after one batch; and Gradient<T>, which is either that or a whole array.
#pragma once

#include <optional>
#include <vector>

#include "babelgrad/autograd/array.h"

namespace babelgrad {

template <class T>
struct RowGradient {
  std::vector<std::int32_t> rows;  // ascending, each once
  Array<T> values;                 // [rows, E]
};

template <class T>
struct Gradient {
  Array<T> dense;                         // of the tensor's shape, unless by_rows is given
  std::optional<RowGradient<T>> by_rows;  // of a table that only `embedding` reads

  // The whole array, made from the rows if need be. shape: the tensor's.
  Array<T>& make_dense(const Shape& shape);
};

// values: [n, E]. Row v of the result is the sum, in order, of the values whose index is v.
template <class T>
RowGradient<T> sum_by_row(const IntArray& indices, const Array<T>& values);

// sum += more, row by row.
template <class T>
void add_rows(const RowGradient<T>& more, RowGradient<T>& sum);
template <class T>
void add_rows(const RowGradient<T>& more, Array<T>& sum);

}  // namespace babelgrad
