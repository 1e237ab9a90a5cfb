// What autograd throws. Every message is one sentence that names the op, its rule and what it got.
#pragma once

#include <initializer_list>
#include <stdexcept>
#include <string>
#include <utility>

namespace babelgrad {

// A shape, axis, index or length that an op cannot take.
class ShapeError : public std::invalid_argument {
  using std::invalid_argument::invalid_argument;
};

// A graph that cannot be differentiated: freed, not scalar, without history.
class GraphError : public std::logic_error {
  using std::logic_error::logic_error;
};

// NaN or Inf, found in anomaly mode.
class NumericError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace babelgrad
