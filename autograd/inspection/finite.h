// The checks of anomaly mode.
#pragma once

#include <vector>

#include "babelgrad/autograd/tensor.h"

namespace babelgrad {

// True if no element is NaN or Inf.
template <class T>
bool all_finite(const Array<T>& array);

// Throws a NumericError if `value` is not finite: it names the op and its inputs, and says whether
// one of them was not finite already.
template <class T>
void require_finite_output(const char* op, const std::vector<Tensor<T>>& inputs,
                           const Array<T>& value);

// The same for a gradient that the op of `node` has just computed for its input i from `incoming`,
// the gradient of its output.
template <class T>
void require_finite_gradient(const Node<T>& node, std::size_t i, const Array<T>& gradient,
                             const Array<T>& incoming);

}  // namespace babelgrad
