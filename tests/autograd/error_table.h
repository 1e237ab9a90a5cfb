// The error tables: rows of {exact message, call}.
#pragma once

#include <doctest/doctest.h>

#include <functional>

#include "tests/autograd/helpers.h"

namespace babelgrad {

struct ErrorRow {
  std::string message;
  std::function<void()> call;
};

inline void check_messages(const std::vector<ErrorRow>& rows) {
  for (const ErrorRow& row : rows) CHECK(message_of<ShapeError>(row.call) == row.message);
}

}  // namespace babelgrad
