// The error tables: rows of {exact message, call}.
#pragma once

#include <doctest/doctest.h>

#include <functional>

#include "tests/autograd/helpers.h"

namespace babelgrad {

// A tensor, and a mask that keeps all, where an error is about their shapes.
inline Tensor<double> leaf_of(const Shape& shape) { return random_leaf(shape, 1); }
inline Mask whole_mask(const Shape& shape) { return full_mask(shape, true); }

struct ErrorRow {
  std::string message;
  std::function<void()> call;
};

inline void check_messages(const std::vector<ErrorRow>& rows) {
  for (const ErrorRow& row : rows) CHECK(message_of<ShapeError>(row.call) == row.message);
}

}  // namespace babelgrad
