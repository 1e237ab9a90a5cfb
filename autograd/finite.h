// The checks of anomaly mode.
#pragma once

#include <vector>

#include "babelgrad/autograd/tensor.h"

namespace babelgrad {

// True if no element is NaN or Inf.
template <class T>
bool all_finite(const Array<T>& array);

// Throws a NumericError that names the op and the shapes of its inputs if `value` is not finite.
template <class T>
void require_finite_output(const char* op, const std::vector<Tensor<T>>& inputs,
                           const Array<T>& value);

// The same for a gradient that the op of `node` has just computed for its input i.
template <class T>
void require_finite_gradient(const Node<T>& node, std::size_t i, const Array<T>& gradient);

}  // namespace babelgrad
