#include "babelgrad/autograd/array.h"

#include <algorithm>

#include "babelgrad/autograd/error.h"

namespace babelgrad {

std::string to_string(const Shape& shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (i > 0) text += ", ";
    text += std::to_string(shape[i]);
  }
  return text + "]";
}

std::size_t element_count(const Shape& shape) {
  std::size_t count = 1;
  for (std::size_t n : shape) count *= n;
  return count;
}

template <class T>
Array<T> array_of(const Shape& shape, std::span<const T> values) {
  if (element_count(shape) != values.size())
    throw ShapeError("array_of: shape " + to_string(shape) + " needs " +
                     std::to_string(element_count(shape)) + " values; got " +
                     std::to_string(values.size()));
  Array<T> array(shape);
  std::copy(values.begin(), values.end(), array.data());
  return array;
}

template Array<float> array_of(const Shape&, std::span<const float>);
template Array<double> array_of(const Shape&, std::span<const double>);
template Array<std::int32_t> array_of(const Shape&, std::span<const std::int32_t>);

}  // namespace babelgrad
