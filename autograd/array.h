// Array<T>: a dense row-major array of numbers, what every tensor holds.
//
//   Array<double> x{{1, 2, 3}, {4, 5, 6}};   // by rows; or Array<double>({2, 3}, {1, 2, ...})
//   x(1, 0);                     // 4
//   Array<double> y = exp(-x);   // functions over arrays: array_ops.h
//
// The elements live in a container of xtensor (xt::uvector) behind a shared pointer. A copy copies
// them. What shares them says so: alias(), reshaped(), leading(), and reshape, select and slices of
// the first axis over arrays; whoever then writes through one is seen through all, and version()
// tells that it happened: element access, begin() and fill() of an Array that is not const and
// shares its elements count as a write, data() does not. So read through a const one. Nothing
// copies on write.
//
// No header but this one includes xtensor, so no unqualified call can pick its lazy functions,
// whose reducers give wrong numbers inside larger expressions (0.24.3).
//
// Thread-safety: reading from several threads is safe; writing needs a thread of its own elements.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>
#if __has_include(<xtensor/containers/xstorage.hpp>)
#include <xtensor/containers/xstorage.hpp>  // xtensor 0.26 and later
#else
#include <xtensor/xstorage.hpp>
#endif

#include "babelgrad/autograd/allocator.h"
#include "babelgrad/autograd/shape.h"

namespace babelgrad {

template <class T>
class Array {
  static_assert(std::is_same_v<T, float> || std::is_same_v<T, double> ||
                    std::is_same_v<T, std::int32_t> || std::is_same_v<T, std::uint8_t>,
                "Array<T> is of float, double, std::int32_t or std::uint8_t");

 public:
  using value_type = T;

  Array() = default;  // not given: rank 0, no element
  // By elements, or by rows of one length: IntArray{3, 1, 2}, Array<float>{{1, 2}, {3, 4}}.
  // {{1}, {2}} are rows.
  struct Element {
    T value;
    template <class Number>
    requires(std::is_arithmetic_v<Number> &&
             (std::is_floating_point_v<T> || std::is_integral_v<Number>)) Element(Number number)
        : value(static_cast<T>(number)) {}
  };
  Array(std::initializer_list<Element> values) : Array(Shape{values.size()}) {
    std::transform(values.begin(), values.end(), data_, [](const Element& e) { return e.value; });
  }
  Array(std::initializer_list<std::initializer_list<T>> rows);
  // values: row-major, as many as `shape` has elements, else a ShapeError.
  Array(const Shape& shape, std::initializer_list<T> values);
  Array(const Shape& shape, std::span<const T> values);
  Array(const Shape& shape, const std::vector<T>& values)
      : Array(shape, std::span<const T>(values)) {}

  Array(const Array& other);
  Array& operator=(const Array& other) &;  // select(a, 0, i) = b would change a temporary
  Array(Array&& other) noexcept;
  Array& operator=(Array&& other) & noexcept;

  // The same elements, shared: under this shape, under another of as many elements, or the
  // positions begin <= i < end of the first axis.
  Array alias() const { return Array(storage_, offset_, shape_); }
  Array reshaped(const Shape& shape) const&;
  Array reshaped(const Shape& shape) &&;
  Array leading(std::size_t begin, std::size_t end) const;

  bool given() const { return storage_ != nullptr; }
  const Shape& shape() const { return shape_; }
  std::size_t rank() const { return shape_.size(); }
  std::size_t size() const { return size_; }  // elements
  T* data() { return data_; }
  const T* data() const { return data_; }
  T* begin() { return writable(); }
  T* end() { return data_ + size_; }
  const T* begin() const { return data_; }
  const T* end() const { return data_ + size_; }
  void fill(T value) { std::fill_n(writable(), size_, value); }

  // One element by its index along every axis; -1 is the last. A ShapeError if there is none. Of a
  // temporary it can only be read: reshape(a, {-1})(0) = 1 does not compile.
  template <class... Index>
  T& operator()(Index... index) & {
    const std::size_t p = position({static_cast<std::ptrdiff_t>(index)...});
    return writable()[p];
  }
  template <class... Index>
  const T& operator()(Index... index) const& {
    return data_[position({static_cast<std::ptrdiff_t>(index)...})];
  }
  template <class... Index>
  T operator()(Index... index) && {
    return data_[position({static_cast<std::ptrdiff_t>(index)...})];
  }
  T item() const;                                  // of an array of one element
  void operator[](std::ptrdiff_t) const = delete;  // an element is a(i), a row select(a, 0, i)

  // Whether another Array shares the elements; and elements of one's own, copied if so.
  bool is_shared() const { return storage_.use_count() > 1; }
  void unshare() {
    if (is_shared()) *this = Array(*this);
  }
  // Takes the elements of an array of the same shape: moved where neither shares its own.
  void assign_elements(Array&& other);

  // Counts the announced changes of the shared elements; see Tensor::mutable_value().
  std::uint32_t version() const {
    return storage_ ? storage_->version.load(std::memory_order_relaxed) : 0;
  }
  void announce_change() {
    if (storage_) storage_->version.fetch_add(1, std::memory_order_relaxed);
  }

 private:
  struct Storage {
    explicit Storage(std::size_t size) : elements(size) {}
    xt::uvector<T, CachingAllocator<T>> elements;
    std::atomic<std::uint32_t> version = 0;
  };

  explicit Array(const Shape& shape);  // for uninitialized()
  Array(std::shared_ptr<Storage> storage, std::size_t offset, const Shape& shape);
  T* writable() {
    if (is_shared()) announce_change();
    return data_;
  }
  template <class Element>
  friend Array<Element> uninitialized(const Shape& shape);
  std::size_t position(std::initializer_list<std::ptrdiff_t> index) const;

  std::shared_ptr<Storage> storage_;
  T* data_ = nullptr;  // storage_->elements + offset_
  std::size_t offset_ = 0, size_ = 0;
  Shape shape_;
};

using IntArray = Array<std::int32_t>;  // word ids, lengths, indices

// Contents undefined: write each element before reading it.
template <class T>
Array<T> uninitialized(const Shape& shape) {
  return Array<T>(shape);
}

template <class T>
Array<T> full(const Shape& shape, std::type_identity_t<T> value) {
  Array<T> array = uninitialized<T>(shape);
  array.fill(value);
  return array;
}

template <class T>
Array<T> zeros(const Shape& shape) {
  return full<T>(shape, T(0));
}

template <class T>
Array<T> ones(const Shape& shape) {
  return full<T>(shape, T(1));
}

template <class T>
Array<T> scalar(T value) {
  return full<T>(Shape{}, value);
}

// begin, begin + step ... before end.
template <class T>
Array<T> arange(std::type_identity_t<T> begin, std::type_identity_t<T> end,
                std::type_identity_t<T> step = 1);
template <class T>
Array<T> arange(std::type_identity_t<T> end) {
  return arange<T>(T(0), end, T(1));
}

// `steps` numbers from begin to end, both included, evenly apart.
template <class T>
Array<T> linspace(std::type_identity_t<T> begin, std::type_identity_t<T> end, std::size_t steps);

// [n, n] or [n, m]: 1 on the diagonal, else 0.
template <class T>
Array<T> eye(std::size_t n, std::size_t m) {
  Array<T> array = zeros<T>({n, m});
  for (std::size_t i = 0; i < n && i < m; ++i) array(i, i) = T(1);
  return array;
}
template <class T>
Array<T> eye(std::size_t n) {
  return eye<T>(n, n);
}

// The elements converted to another type: cast<double>(x).
template <class To, class From>
Array<To> cast(const Array<From>& from) {
  Array<To> to = uninitialized<To>(from.shape());
  for (std::size_t i = 0; i < from.size(); ++i) to.data()[i] = static_cast<To>(from.data()[i]);
  return to;
}

extern template class Array<float>;
extern template class Array<double>;
extern template class Array<std::int32_t>;
extern template class Array<std::uint8_t>;

}  // namespace babelgrad
