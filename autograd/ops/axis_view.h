// An array seen as [outer, n, inner], where n is one of its axes.
#pragma once

#include "babelgrad/autograd/shape.h"

namespace babelgrad {

struct AxisView {
  std::size_t outer = 1, n = 1, inner = 1;

  AxisView(const Shape& shape, std::size_t axis) : n(shape[axis]) {
    for (std::size_t i = 0; i < axis; ++i) outer *= shape[i];
    for (std::size_t i = axis + 1; i < shape.size(); ++i) inner *= shape[i];
  }
};

}  // namespace babelgrad
