#include "babelgrad/autograd/shape.h"

#include <ostream>

#include "babelgrad/autograd/error.h"

namespace babelgrad {

Shape Shape::of_rank(std::size_t rank, std::size_t size) {
  Shape shape;
  while (shape.size() < rank) shape.push_back(size);
  return shape;
}

void Shape::insert(std::size_t axis, std::size_t size) {
  if (rank_ == kMaxRank)
    throw ShapeError("shape: need at most " + std::to_string(kMaxRank) + " axes; got " +
                     to_string(*this) + " and one more");
  std::copy_backward(begin() + axis, end(), end() + 1);
  sizes_[axis] = size;
  ++rank_;
}

void Shape::throw_negative(std::ptrdiff_t size) {
  throw ShapeError("shape: need sizes of at least 0; got " + std::to_string(size));
}

void Shape::erase(std::size_t axis) {
  std::copy(begin() + axis + 1, end(), begin() + axis);
  --rank_;
}

std::size_t checked_element_count(const Shape& shape) {
  if (std::find(shape.begin(), shape.end(), 0) != shape.end()) return 0;
  std::size_t count = 1;
  for (const std::size_t size : shape)
    if (__builtin_mul_overflow(count, size, &count))
      throw ShapeError("shape: need fewer elements than memory has bytes; got " + to_string(shape));
  return count;
}

std::string to_string(const Shape& shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (i > 0) text += ", ";
    text += std::to_string(shape[i]);
  }
  return text + "]";
}

std::ostream& operator<<(std::ostream& out, const Shape& shape) { return out << to_string(shape); }

}  // namespace babelgrad
