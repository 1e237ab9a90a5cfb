#include "babelgrad/autograd/tensor.h"

#include <atomic>

#include "babelgrad/autograd/backward.h"
#include "babelgrad/autograd/ops.h"
#include "babelgrad/autograd/vjp.h"

namespace babelgrad {

// Frees a history of any depth without recursion: inputs that nobody else holds are emptied first.
template <class T>
Node<T>::~Node() {
  if (inputs.empty()) return;
  vjp.reset();
  auto doomed = std::move(inputs);
  while (!doomed.empty()) {
    std::shared_ptr<Node> node = std::move(doomed.back().node);
    doomed.pop_back();
    if (node.use_count() != 1) continue;
    std::atomic_thread_fence(std::memory_order_acquire);  // after whoever let go of it last
    node->vjp.reset();  // may hold tensors of its own; their chains end at leaves
    for (auto& input : node->inputs) doomed.push_back(std::move(input));
    node->inputs.clear();
  }
}

template <class T>
MutableValue<T>& MutableValue<T>::operator=(Array<T> values) {
  if (values.shape() != array_->shape())
    throw_shape_error("mutable_value", "need an array of the tensor's shape",
                      {{"tensor", array_->shape()}, {"array", values.shape()}});
  array_->announce_change();
  array_->assign_elements(std::move(values));
  return *this;
}

template <class T>
Tensor<T>::Tensor(Array<T> value) : node_(make_node(std::move(value), false)) {}

template <class T>
Tensor<T>::Tensor(Array<T> value, GradientTag) : node_(make_node(std::move(value), true)) {}

template <class T>
Node<T>& Tensor<T>::node() const {
  if (!node_) throw GraphError("tensor: used before it was given a value");
  return *node_;
}

template <class T>
Array<T> Tensor<T>::value() && {
  Array<T>& value = node().value;
  return node_.use_count() == 1 && !value.is_shared() ? std::move(value) : value;
}

template <class T>
MutableValue<T> Tensor<T>::mutable_value() const {
  if (!is_leaf())
    throw GraphError(std::string("mutable_value: need a leaf; got the result of ") + op());
  return MutableValue<T>(node().value);
}

template <class T>
std::size_t Tensor<T>::dim(std::ptrdiff_t axis) const {
  return shape()[checked_axis("dim", axis, shape())];
}

template <class T>
T Tensor<T>::item() const {
  return value().item();
}

template <class T>
T Tensor<T>::element(std::initializer_list<std::ptrdiff_t> index) const {
  std::size_t position = 0, axis = 0;
  bool fits = index.size() == rank();
  for (const std::ptrdiff_t i : index) {
    if (!fits) break;
    const std::ptrdiff_t n = static_cast<std::ptrdiff_t>(shape()[axis++]);
    fits = -n <= i && i < n;
    position = position * static_cast<std::size_t>(n) + static_cast<std::size_t>(i < 0 ? i + n : i);
  }
  if (!fits)
    throw_shape_error("element", "need an index within each axis",
                      {{"x", shape()}, {"index", Shape(index.begin(), index.end())}});
  return value().data()[position];
}

template <class T>
Tensor<T> Tensor<T>::operator[](std::ptrdiff_t index) const {
  return select(*this, 0, index);
}

template <class T>
const Array<T>& Tensor<T>::grad() const& {
  if (has_grad()) return *node().extras->grad;
  const std::string leaf = name().empty() ? "this leaf" : "leaf " + name();
  if (!is_leaf())
    throw GraphError(std::string("grad: the result of ") + op() +
                     " has none; need retain_grad() before backward()");
  if (!requires_grad())
    throw GraphError("grad: " + leaf + " does not require a gradient; need kRequiresGrad");
  throw GraphError("grad: none has come to " + leaf +
                   "; need backward() of a loss that depends on it");
}

template <class T>
void Tensor<T>::zero_grad() const {
  if (node().extras) node().extras->grad.reset();
}

template <class T>
void Tensor<T>::retain_grad() const {
  if (!requires_grad()) throw GraphError("retain_grad: need a tensor that requires a gradient");
  node().make_extras().retains_grad = true;
}

template <class T>
void Tensor<T>::add_hook(GradientHook<T> hook) const {
  if (!requires_grad()) throw GraphError("register_hook: need a tensor that requires a gradient");
  node().make_extras().hooks.push_back(std::move(hook));
}

template <class T>
Tensor<T> Tensor<T>::detach() const {
  return Tensor(value().alias());
}

template <class T>
void Tensor<T>::backward(BackwardOptions options) const {
  if (size() != 1) throw_shape_error("backward", "need a loss of one element", {{"loss", shape()}});
  accumulate(full<T>(shape(), T(1)), options);
}

template <class T>
void Tensor<T>::accumulate(const Array<T>& cotangent, BackwardOptions options) const {
  accumulate_gradients(*this, cotangent, options);
}

template <class T>
Tensor<T>& Tensor<T>::set_name(std::string name) {
  node().make_extras().name = std::move(name);
  return *this;
}

template <class T>
const std::string& Tensor<T>::name() const {
  static const std::string none;
  return node().extras ? node().extras->name : none;
}

template <class T>
std::string describe(const Node<T>& node) {
  const std::string name = node.extras ? node.extras->name : "";
  return (name.empty() ? "" : name + " ") + to_string(node.value.shape());
}

void throw_shape_error(const std::string& op, const std::string& rule,
                       std::initializer_list<NamedShape> got) {
  std::string message = op + ": " + rule;
  const char* separator = "; got ";
  for (const NamedShape& item : got) {
    message += separator + std::string(item.name) + " " + to_string(item.shape);
    separator = ", ";
  }
  throw ShapeError(message);
}

std::size_t checked_axis(const char* op, std::ptrdiff_t axis, const Shape& shape) {
  const std::ptrdiff_t rank = static_cast<std::ptrdiff_t>(shape.size());
  if (axis < -rank || axis >= rank)
    throw_shape_error(op, "need axis " + std::to_string(axis) + " in [-rank, rank)",
                      {{"x", shape}});
  return static_cast<std::size_t>(axis < 0 ? axis + rank : axis);
}

template class Tensor<float>;
template class Tensor<double>;
template class MutableValue<float>;
template class MutableValue<double>;
template struct Node<float>;
template struct Node<double>;
template std::string describe(const Node<float>&);
template std::string describe(const Node<double>&);

}  // namespace babelgrad
