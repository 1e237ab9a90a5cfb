// What a reduction over axes does to a shape.
#pragma once

#include "babelgrad/autograd/axes.h"

namespace babelgrad {

struct Reduction {
  std::size_t count = 1;  // elements that become one
  Shape kept;             // the shape with reduced axes as 1
  Shape result;           // the shape that is returned

  // A ShapeError of `op` unless the axes are distinct and in range.
  Reduction(const char* op, const Shape& shape, const Axes& axes, KeepDim keepdim);
  // The same for a reduction that has no value over no elements.
  static Reduction of_some(const char* op, const Shape& shape, const Axes& axes, KeepDim keepdim);
};

}  // namespace babelgrad
