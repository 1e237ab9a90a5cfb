// Looking at gradients and graphs.
#pragma once

#include <string>
#include <vector>

#include "babelgrad/autograd/tensor.h"

namespace babelgrad {

struct ArrayStatistics {
  double norm = 0;  // Euclidean
  double min = 0, max = 0;
  double zeros = 0;  // share of elements that are exactly 0, 0 to 1
  bool finite = true;
};

template <class T>
ArrayStatistics statistics(const Array<T>& array);

struct NamedGradient {
  std::string name;
  Shape shape;
  ArrayStatistics statistics;
};

// Of each tensor's .grad(); tensors without one are left out.
template <class T>
std::vector<NamedGradient> inspect_gradients(const std::vector<Tensor<T>>& tensors);

// The table as text, one line a tensor, columns aligned.
std::string to_string(const std::vector<NamedGradient>& gradients);

// The graph below `output` in Graphviz' DOT language: ops and leaves with names and shapes.
template <class T>
std::string to_dot(const Tensor<T>& output);

}  // namespace babelgrad
