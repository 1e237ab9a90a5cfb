#include "babelgrad/autograd/array.h"

#include <algorithm>
#include <cmath>

#include "babelgrad/autograd/error.h"

namespace babelgrad {

template <class T>
Array<T>::Array(const Shape& shape) : size_(checked_element_count(shape)), shape_(shape) {
  storage_ = std::allocate_shared<Storage>(CachingAllocator<Storage>(), size_);
  data_ = storage_->elements.data();
}

template <class T>
Array<T>::Array(const Shape& shape, std::span<const T> values) : Array(shape) {
  if (values.size() != size_)
    throw ShapeError("array: shape " + to_string(shape) + " needs " + std::to_string(size_) +
                     " values; got " + std::to_string(values.size()));
  std::copy(values.begin(), values.end(), data_);
}

template <class T>
Array<T>::Array(const Shape& shape, std::initializer_list<T> values)
    : Array(shape, std::span<const T>(values.begin(), values.size())) {}

template <class T>
Array<T>::Array(std::initializer_list<std::initializer_list<T>> rows)
    : Array(Shape{rows.size(), rows.size() == 0 ? 0 : rows.begin()->size()}) {
  T* next = data_;
  for (const auto& row : rows) {
    if (row.size() != shape_[1])
      throw ShapeError("array: need rows of one length; got " + std::to_string(shape_[1]) +
                       " and " + std::to_string(row.size()) +
                       " (a shape and values are two arguments in parentheses)");
    next = std::copy(row.begin(), row.end(), next);
  }
}

template <class T>
Array<T>::Array(std::shared_ptr<Storage> storage, std::size_t offset, const Shape& shape)
    : storage_(std::move(storage)), offset_(offset), shape_(shape) {
  if (!storage_) return;
  data_ = storage_->elements.data() + offset_;
  size_ = element_count(shape_);
}

template <class T>
Array<T>::Array(const Array& other) {
  if (!other.given()) return;
  *this = Array(other.shape_);
  std::copy_n(other.data_, size_, data_);
}

template <class T>
Array<T>& Array<T>::operator=(const Array& other) & {
  if (this != &other) *this = Array(other);
  return *this;
}

template <class T>
Array<T>::Array(Array&& other) noexcept
    : storage_(std::move(other.storage_)),
      data_(std::exchange(other.data_, nullptr)),
      offset_(std::exchange(other.offset_, 0)),
      size_(std::exchange(other.size_, 0)),
      shape_(std::exchange(other.shape_, Shape())) {}

template <class T>
Array<T>& Array<T>::operator=(Array&& other) & noexcept {
  storage_ = std::move(other.storage_);
  data_ = std::exchange(other.data_, nullptr);
  offset_ = std::exchange(other.offset_, 0);
  size_ = std::exchange(other.size_, 0);
  shape_ = std::exchange(other.shape_, Shape());
  return *this;
}

template <class T>
Array<T> Array<T>::reshaped(const Shape& shape) const& {
  return alias().reshaped(shape);
}

template <class T>
Array<T> Array<T>::reshaped(const Shape& shape) && {
  if (element_count(shape) != size_)
    throw ShapeError("reshaped: need as many elements; got " + to_string(shape_) + " and " +
                     to_string(shape));
  shape_ = shape;
  return std::move(*this);
}

template <class T>
Array<T> Array<T>::leading(std::size_t begin, std::size_t end) const {
  if (shape_.empty() || begin > end || end > shape_[0])
    throw ShapeError("leading: need begin <= end <= the size of axis 0; got " + to_string(shape_) +
                     " and " + std::to_string(begin) + ", " + std::to_string(end));
  Shape shape = shape_;
  shape[0] = 1;
  const std::size_t row = element_count(shape);
  shape[0] = end - begin;
  return Array(storage_, offset_ + begin * row, shape);
}

template <class T>
void Array<T>::assign_elements(Array&& other) {
  if (is_shared() || other.is_shared() || offset_ != 0 || other.offset_ != 0) {
    std::copy_n(other.data_, size_, data_);
  } else {
    storage_->elements.swap(other.storage_->elements);
    data_ = storage_->elements.data();
  }
}

template <class T>
T Array<T>::item() const {
  if (size_ != 1) throw ShapeError("item: need one element; got x " + to_string(shape_));
  return *data_;
}

template <class T>
std::size_t Array<T>::position(std::initializer_list<std::ptrdiff_t> index) const {
  if (index.size() != shape_.size())
    throw ShapeError("array: need an index for each axis of " + to_string(shape_) + "; got " +
                     std::to_string(index.size()));
  std::size_t position = 0;
  const std::ptrdiff_t* i = index.begin();
  for (const std::size_t size : shape_) {
    const std::size_t k = static_cast<std::size_t>(*i) + (*i < 0 ? size : 0);
    if (k >= size)
      throw ShapeError("array: need indices within " + to_string(shape_) + "; got " +
                       std::to_string(*i) + " along axis " + std::to_string(i - index.begin()));
    position = position * size + k;
    ++i;
  }
  return position;
}

template <class T>
Array<T> arange(std::type_identity_t<T> begin, std::type_identity_t<T> end,
                std::type_identity_t<T> step) {
  const double steps =
      (static_cast<double>(end) - static_cast<double>(begin)) / static_cast<double>(step);
  if (!(steps >= 0 && std::isfinite(steps)))
    throw ShapeError("arange: need a step that leads from begin to end; got begin " +
                     std::to_string(begin) + ", end " + std::to_string(end) + ", step " +
                     std::to_string(step));
  Array<T> array = uninitialized<T>({static_cast<std::size_t>(std::ceil(steps))});
  for (std::size_t i = 0; i < array.size(); ++i)
    array.data()[i] = static_cast<T>(begin + static_cast<T>(i) * step);
  return array;
}

template <class T>
Array<T> linspace(std::type_identity_t<T> begin, std::type_identity_t<T> end, std::size_t steps) {
  Array<T> array = uninitialized<T>({steps});
  const T step = steps > 1 ? (end - begin) / static_cast<T>(steps - 1) : T(0);
  for (std::size_t i = 0; i < steps; ++i)  // from the nearer end, so that both are exact
    array.data()[i] = i < (steps + 1) / 2 ? begin + step * static_cast<T>(i)
                                          : end - step * static_cast<T>(steps - 1 - i);
  return array;
}

template Array<float> linspace<float>(float, float, std::size_t);
template Array<double> linspace<double>(double, double, std::size_t);
template Array<float> arange<float>(float, float, float);
template Array<double> arange<double>(double, double, double);
template IntArray arange<std::int32_t>(std::int32_t, std::int32_t, std::int32_t);
template class Array<float>;
template class Array<double>;
template class Array<std::int32_t>;
template class Array<std::uint8_t>;

}  // namespace babelgrad
