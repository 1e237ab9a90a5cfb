// Vjp<T>: what the vector-Jacobian product of an op sees while a backward pass visits its node.
#pragma once

#include <algorithm>

#include "babelgrad/autograd/tensor.h"

namespace babelgrad {

// Where a gradient is to be put: data = beta * data + contribution. With beta = 0 the contents are
// undefined (they may be NaN) and must be overwritten, not multiplied.
template <class T>
struct GradientBuffer {
  T* data;
  T beta;
};

template <class T>
class Vjp {
 public:
  virtual ~Vjp() = default;

  const Array<T>& in(std::size_t i) const { return node_.inputs[i]->value; }
  const Array<T>& out() const { return node_.value; }
  bool wants(std::size_t i) const { return node_.inputs[i]->requires_grad; }

  // True if the history is freed after this visit: a mutable VJP may then move from what it saved.
  bool last_visit() const { return last_visit_; }

  Array<T> grad;  // the gradient of the output, in its shape; may be moved from

  // Adds `g`, of input i's shape, to the gradient of input i, if it wants one.
  virtual void accumulate(std::size_t i, Array<T> g) = 0;
  // Adds values[k] to row indices[k] of the gradient of input i, a table [V, E], if it wants one.
  // values: [indices, E]. The gradient is kept by its rows until somebody needs the whole of it.
  virtual void accumulate_rows(std::size_t i, const IntArray& indices, const Array<T>& values) = 0;
  // The gradient of input i, which must want one, as a buffer to write or add in place.
  virtual GradientBuffer<T> buffer(std::size_t i) = 0;
  // The same for kernels that only add: zeros if nothing was accumulated before.
  T* sum_buffer(std::size_t i);

 protected:
  Vjp(Node<T>& node, bool last_visit) : node_(node), last_visit_(last_visit) {}
  Node<T>& node_;
  bool last_visit_;
};

template <class T>
T* Vjp<T>::sum_buffer(std::size_t i) {
  const GradientBuffer<T> target = buffer(i);
  if (target.beta == T(0)) std::fill_n(target.data, in(i).size(), T(0));
  return target.data;
}

}  // namespace babelgrad
