// Array<T>: the dense row-major storage of every tensor, an xtensor container.
//
// This is the only file that includes xtensor. Two rules hold wherever xtensor expressions are
// written, because xtensor 0.24.3 evaluates a lazy reducer inside a larger expression wrongly
// (`x - xt::sum(x, {1}, xt::keep_dims)`): never reduce inside an expression, and never bind an
// expression to `auto`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <xtensor/xarray.hpp>
#include <xtensor/xbroadcast.hpp>
#include <xtensor/xmanipulation.hpp>
#include <xtensor/xmath.hpp>
#include <xtensor/xstrided_view.hpp>

#include "babelgrad/autograd/allocator.h"

namespace babelgrad {

using Shape = xt::svector<std::size_t, 4>;

template <class T>
using Array =
    xt::xarray_container<xt::uvector<T, CachingAllocator<T>>, xt::layout_type::row_major, Shape>;

// Word ids, lengths and masks (nonzero = keep).
using IntArray = Array<std::int32_t>;

std::string to_string(const Shape& shape);  // "[32, 64]"
std::size_t element_count(const Shape& shape);

// Contents undefined: every element must be written before it is read.
template <class T>
Array<T> uninitialized(const Shape& shape) {
  return Array<T>(shape);
}

template <class T>
Array<T> full(const Shape& shape, T value) {
  return Array<T>(shape, value);
}

template <class T>
Array<T> zeros(const Shape& shape) {
  return full<T>(shape, T(0));
}

template <class T>
Array<T> scalar(T value) {
  return full<T>(Shape{}, value);
}

// A default-constructed array (rank 0) stands for "not given" in optional integer arguments.
inline bool given(const IntArray& array) { return array.dimension() > 0; }

// The same elements under another shape of as many elements, without a copy when moved in.
template <class T>
Array<T> reshaped(Array<T> array, const Shape& shape) {
  array.reshape(shape);
  return array;
}

// values: row-major, as many as `shape` has elements.
template <class T>
Array<T> array_of(const Shape& shape, std::span<const T> values);

}  // namespace babelgrad
