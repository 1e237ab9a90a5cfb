// `record`, which makes the node of an op, and what the op's vector-Jacobian product (VJP) sees
// when a backward pass visits that node.
//
//   template <class T>
//   Tensor<T> softsign(const Tensor<T>& x) {
//     return record("softsign", {x}, x.value() / (1 + abs(x.value())), [](auto& c) {
//       c.accumulate(0, c.grad * square(1 - abs(c.out())));
//     });
//   }
//
// One formula serves twice: over arrays (c is a Vjp<T>) in an ordinary backward pass, and over
// tensors (a GraphVjp<T>) where the gradient is to be differentiated again. So it may capture
// numbers, shapes, indices and masks, but no array: c.grad * array does not compile, since c.grad
// is a tensor, too, and an array that is passed to accumulate alone would count as a constant. A
// VJP that needs buffers or saved arrays takes a Vjp<T>& and comes with a definition of the op,
// composed of other ops, which is differentiated in its stead when a graph is wanted.
#pragma once

#include <algorithm>
#include <functional>

#include "babelgrad/autograd/tensor.h"

namespace babelgrad {

// Where a gradient is to be put: data = beta * data + contribution. With beta = 0 the contents are
// undefined (they may be NaN) and must be overwritten, not multiplied.
template <class T>
struct GradientBuffer {
  T* data;
  T beta;
};

namespace detail {

[[noreturn]] void throw_no_input(const char* op, std::size_t inputs, std::size_t i);

template <class T>
const typename Node<T>::Input& input(const Node<T>& node, std::size_t i) {
  if (i >= node.inputs.size()) throw_no_input(node.op, node.inputs.size(), i);
  return node.inputs[i];
}

}  // namespace detail

template <class T>
class Vjp {
 public:
  virtual ~Vjp() = default;

  // The values that the op read and made; a GraphError if one was changed since.
  const Array<T>& in(std::size_t i) const;
  const Array<T>& out() const;
  const Shape& shape(std::size_t i) const { return input(i).node->value.shape(); }
  std::size_t inputs() const { return node_.inputs.size(); }
  const char* op() const { return node_.op; }
  bool wants(std::size_t i) const { return input(i).node->requires_grad; }

  Array<T> zeros(std::size_t i) const { return babelgrad::zeros<T>(shape(i)); }  // of i's shape

  // True if the history is freed after this visit: a mutable VJP may then move from what it saved.
  bool last_visit() const { return last_visit_; }

  const Array<T>& grad;  // the gradient of the output, in its shape
  Array<T> take_grad();  // the same to write into; `grad` is used up

  // Adds `g` to the gradient of input i, if it wants one, summed over what was broadcast from i's
  // shape. An array that is passed without being moved in is shared, so must not be written later.
  void accumulate(std::size_t i, const Array<T>& g) {
    if (wants(i)) accumulate(i, g.alias());
  }
  virtual void accumulate(std::size_t i, Array<T>&& g) = 0;
  // Adds values[k] to row indices[k] of the gradient of input i, a table [V, E], if it wants one.
  // values: [indices, E]. The gradient is kept by its rows until somebody needs the whole of it.
  virtual void accumulate_rows(std::size_t i, const IntArray& indices, const Array<T>& values) = 0;
  // The gradient of input i, which must want one, as a buffer to write or add in place. Write it
  // before asking for the next: two inputs may be one tensor.
  virtual GradientBuffer<T> buffer(std::size_t i) = 0;
  // The same for kernels that only add: zeros if nothing was accumulated before.
  T* sum_buffer(std::size_t i);

 protected:
  Vjp(Node<T>& node, Array<T> gradient, bool last_visit)
      : grad(grad_), node_(node), grad_(std::move(gradient)), last_visit_(last_visit) {}
  Node<T>& node_;

 private:
  const typename Node<T>::Input& input(std::size_t i) const { return detail::input(node_, i); }

  Array<T> grad_;
  bool last_visit_;
};

template <class T>
class GraphVjp {
 public:
  virtual ~GraphVjp() = default;

  Tensor<T> in(std::size_t i) const;
  Tensor<T> out() const;
  const Shape& shape(std::size_t i) const { return input(i).node->value.shape(); }
  bool wants(std::size_t i) const { return input(i).node->requires_grad; }
  std::size_t inputs() const { return node_->inputs.size(); }
  const char* op() const { return node_->op; }
  Tensor<T> zeros(std::size_t i) const { return babelgrad::zeros<T>(shape(i)); }

  const Tensor<T> grad;

  virtual void accumulate(std::size_t i, const Tensor<T>& g) = 0;
  virtual void accumulate_rows(std::size_t i, const IntArray& indices, const Tensor<T>& values) = 0;

 protected:
  GraphVjp(std::shared_ptr<Node<T>> node, Tensor<T> gradient)
      : grad(std::move(gradient)), node_(std::move(node)) {}
  std::shared_ptr<Node<T>> node_;

 private:
  const typename Node<T>::Input& input(std::size_t i) const { return detail::input(*node_, i); }
};

// What a VJP keeps of an array that the user holds, too: the elements are shared, and a change of
// them is noticed.
template <class T>
class SavedArray {
 public:
  explicit SavedArray(const Array<T>& array) : array_(array.alias()), version_(array.version()) {}
  SavedArray(SavedArray&&) = default;
  // A GraphError that names `op` and `what` if the elements were changed since.
  const Array<T>& get(const char* op, const char* what) const;

 private:
  Array<T> array_;
  std::uint32_t version_;
};

// An op composed of others, of as many tensors as the op has inputs. May capture shapes, indices
// and masks, but no tensor.
template <class T>
using Definition = std::function<Tensor<T>(const std::vector<Tensor<T>>&)>;

// The gradients of the op's inputs through its definition, run on the inputs: the VJP of an op that
// has no other.
template <class T>
void differentiate_definition(Vjp<T>& c, const Definition<T>& definition);
template <class T>
void differentiate_definition(GraphVjp<T>& c, const Definition<T>& definition);

namespace detail {

template <class T>
Tensor<T> record_node(const char* op, std::vector<Tensor<T>> inputs, Array<T> value,
                      VjpFunction<T> vjp);

// A VJP over arrays, and the definition for a pass over tensors.
template <class T, class F>
struct Shortcut {
  F vjp;
  Definition<T> definition;
  void operator()(Vjp<T>& c) { vjp(c); }
  void operator()(GraphVjp<T>& c) { differentiate_definition(c, definition); }
};

}  // namespace detail

// Makes the node of an op. `value` is the op's result, `vjp` its vector-Jacobian product, which
// reads inputs and output from its argument; it must not capture a tensor of the op's own output.
// No history is kept if no input requires a gradient or under NoGrad. `op` is a string literal.
// (An array that came as a const reference is captured as [indices = indices]: a plain [indices]
// is const, and copied once more when the function moves to its node.)
template <class T, class F>
Tensor<T> record(const char* op, std::type_identity_t<std::vector<Tensor<T>>> inputs,
                 Array<T> value, F vjp) {
  return detail::record_node<T>(op, std::move(inputs), std::move(value),
                                VjpFunction<T>(std::move(vjp)));
}

// The node of a shortcut: `vjp` takes a Vjp<T>&; `definition` computes the same from other ops.
template <class T, class F>
Tensor<T> record(const char* op, std::type_identity_t<std::vector<Tensor<T>>> inputs,
                 Array<T> value, F vjp, Definition<T> definition) {
  if (thread_modes().composed) return definition(inputs);
  return detail::record_node<T>(
      op, std::move(inputs), std::move(value),
      VjpFunction<T>(detail::Shortcut<T, F>{std::move(vjp), std::move(definition)}));
}

// The node of an op that is differentiated through its definition alone.
template <class T>
Tensor<T> record_defined(const char* op, std::vector<Tensor<T>> inputs, Array<T> value,
                         Definition<T> definition);

// True if an op over these inputs keeps a history here: worth knowing before saving arrays for it.
template <class T>
bool records_history(std::initializer_list<Tensor<T>> inputs);

template <class T>
T* Vjp<T>::sum_buffer(std::size_t i) {
  const GradientBuffer<T> target = buffer(i);
  if (target.beta == T(0)) std::fill_n(target.data, element_count(shape(i)), T(0));
  return target.data;
}

extern template class Vjp<float>;
extern template class Vjp<double>;
extern template class SavedArray<float>;
extern template class SavedArray<double>;
extern template class GraphVjp<float>;
extern template class GraphVjp<double>;

}  // namespace babelgrad
