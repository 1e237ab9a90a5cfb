// Plain rearrangements of arrays that several ops share. No graphs here.
#pragma once

#include <vector>

#include "babelgrad/autograd/array.h"

namespace babelgrad {

// Axis i of the result is axis order[i] of x.
template <class T>
Array<T> transpose_array(const Array<T>& x, const std::vector<std::size_t>& order);

// Adds up the axes in which `shape` (aligned to x's last axes) has size 1 or none: the inverse of
// broadcasting an array of `shape` to x's shape.
template <class T>
Array<T> sum_to_shape(const Array<T>& x, const Shape& shape);

}  // namespace babelgrad
