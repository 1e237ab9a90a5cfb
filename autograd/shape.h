// Shape: the extents of an array, row-major, at most kMaxRank axes, without an allocation.
#pragma once

#if __cplusplus < 202002L
#error "Babelgrad needs C++20: compile with -std=c++20"
#endif

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <iosfwd>
#include <iterator>
#include <string>

namespace babelgrad {

// A whole number of any type, of either sign.
struct WholeNumber {
  std::ptrdiff_t value;
  template <std::integral Number>
  requires(!std::same_as<Number, bool>) constexpr WholeNumber(Number number)
      : value(static_cast<std::ptrdiff_t>(number)) {}
};

class Shape {
 public:
  static constexpr std::size_t kMaxRank = 8;

  Shape() = default;
  // A ShapeError for a negative size.
  Shape(std::initializer_list<WholeNumber> sizes) {
    for (const WholeNumber size : sizes) push_back(checked(size));
  }
  template <std::input_iterator Iterator>
  Shape(Iterator begin, Iterator end) {
    for (; begin != end; ++begin) push_back(static_cast<std::size_t>(*begin));
  }
  static Shape of_rank(std::size_t rank, std::size_t size = 1);  // `size` along every axis

  std::size_t size() const { return rank_; }  // the rank
  bool empty() const { return rank_ == 0; }
  std::size_t& operator[](std::size_t axis) { return sizes_[axis]; }
  std::size_t operator[](std::size_t axis) const { return sizes_[axis]; }
  std::size_t front() const { return sizes_[0]; }
  std::size_t& back() { return sizes_[rank_ - 1]; }
  std::size_t back() const { return sizes_[rank_ - 1]; }
  std::size_t* begin() { return sizes_.data(); }
  std::size_t* end() { return sizes_.data() + rank_; }
  const std::size_t* begin() const { return sizes_.data(); }
  const std::size_t* end() const { return sizes_.data() + rank_; }

  void push_back(std::size_t size) { insert(rank_, size); }
  void insert(std::size_t axis, std::size_t size);  // a ShapeError beyond kMaxRank
  void erase(std::size_t axis);

  friend bool operator==(const Shape& a, const Shape& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
  }

 private:
  static std::size_t checked(WholeNumber size) {
    if (size.value < 0) throw_negative(size.value);
    return static_cast<std::size_t>(size.value);
  }
  [[noreturn]] static void throw_negative(std::ptrdiff_t size);

  std::size_t rank_ = 0;
  std::array<std::size_t, kMaxRank> sizes_{};
};

std::string to_string(const Shape& shape);  // "[32, 64]"
std::ostream& operator<<(std::ostream& out, const Shape& shape);

inline std::size_t element_count(const Shape& shape) {
  std::size_t count = 1;
  for (std::size_t n : shape) count *= n;
  return count;
}

// The same; a ShapeError if the number does not fit.
std::size_t checked_element_count(const Shape& shape);

}  // namespace babelgrad
