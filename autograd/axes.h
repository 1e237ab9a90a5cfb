// Arguments that name axes and sizes as PyTorch's do.
#pragma once

#include <concepts>
#include <vector>

#include "babelgrad/autograd/shape.h"

namespace babelgrad {

// One axis or several: sum(x, 1), mean(x, {0, -1}). A negative axis counts from the last. None
// given: all.
class Axes {
 public:
  Axes() = default;
  template <std::integral Axis>
  requires(!std::same_as<Axis, bool>) Axes(Axis axis) : axes_{static_cast<std::ptrdiff_t>(axis)} {}
  Axes(std::initializer_list<WholeNumber> axes) {
    for (const WholeNumber axis : axes) axes_.push_back(axis.value);
  }
  explicit Axes(std::vector<std::ptrdiff_t> axes) : axes_(std::move(axes)) {}

  bool empty() const { return axes_.empty(); }
  std::size_t size() const { return axes_.size(); }
  auto begin() const { return axes_.begin(); }
  auto end() const { return axes_.end(); }

 private:
  std::vector<std::ptrdiff_t> axes_;
};

// Whether reduced axes stay, with size 1. Made of a bool alone: in sum(x, 0, 1) the 1 is no axis.
struct KeepDim {
  bool value = false;
  KeepDim() = default;
  KeepDim(std::same_as<bool> auto keep) : value(keep) {}
};

// Height and width, or one number for both: of a kernel, a stride, a padding.
struct Size2d {
  std::ptrdiff_t height, width;
  template <std::integral Number>
  requires(!std::same_as<Number, bool>) constexpr Size2d(Number both)
      : Size2d(WholeNumber(both), WholeNumber(both)) {}
  constexpr Size2d(WholeNumber rows, WholeNumber columns)
      : height(rows.value), width(columns.value) {}
};

// Where a kernel is laid on an image: every `stride` positions of the image with `padding` zeros
// added at each side.
struct ConvOptions {
  Size2d stride = 1, padding = 0;
};

// Sizes of which one may be -1: what is left (reshape(x, {2, -1})).
class Sizes {
 public:
  Sizes(std::initializer_list<WholeNumber> sizes) {
    for (const WholeNumber size : sizes) sizes_.push_back(size.value);
  }
  Sizes(const Shape& shape) : sizes_(shape.begin(), shape.end()) {}

  // For an array of this many elements; a ShapeError of `op` if they do not fit.
  Shape resolve(const char* op, const Shape& from) const;

 private:
  std::vector<std::ptrdiff_t> sizes_;
};

}  // namespace babelgrad
