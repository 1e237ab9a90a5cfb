// Plain rearrangements of arrays that several ops share. No graphs here.
#pragma once

#include <vector>

#include "babelgrad/autograd/array.h"

namespace babelgrad {

// Axis i of the result is axis order[i] of x.
template <class T>
Array<T> transpose_array(const Array<T>& x, const std::vector<std::size_t>& order);

// Repeats x along the axes in which its shape (aligned to the last axes of `shape`) has size 1 or
// none.
template <class T>
Array<T> broadcast_array(const Array<T>& x, const Shape& shape);

// Adds up the axes in which `shape` (aligned to x's last axes) has size 1 or none: the inverse of
// broadcasting an array of `shape` to x's shape.
template <class T>
Array<T> sum_to_shape(const Array<T>& x, const Shape& shape);

// to[r] = from[r], and to[r] += from[r], for `rows` rows of n elements, which begin `from_step` and
// `to_step` elements apart.
template <class T>
void copy_block(std::size_t rows, std::size_t n, const T* from, std::size_t from_step, T* to,
                std::size_t to_step);
template <class T>
void add_block(std::size_t rows, std::size_t n, const T* from, std::size_t from_step, T* to,
               std::size_t to_step);

}  // namespace babelgrad
