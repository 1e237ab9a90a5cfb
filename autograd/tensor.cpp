#include "babelgrad/autograd/tensor.h"

#include <atomic>
#include <cmath>

#include "babelgrad/autograd/backward.h"
#include "babelgrad/autograd/finite.h"
#include "babelgrad/autograd/profile.h"

namespace babelgrad {
namespace {

std::atomic<std::uint64_t> next_id{1};

struct ThreadMode {
  bool grad = true;
  bool anomaly = false;
};
thread_local ThreadMode mode;

template <class T>
std::shared_ptr<Node<T>> make_node(Array<T> value, bool requires_grad) {
  auto node = std::allocate_shared<Node<T>>(CachingAllocator<Node<T>>());
  node->id = next_id.fetch_add(1, std::memory_order_relaxed);
  node->value = std::move(value);
  node->requires_grad = requires_grad;
  return node;
}

template <class T>
Array<T> from_list(const Shape& shape, std::initializer_list<T> values) {
  return array_of<T>(shape, std::span<const T>(values.begin(), values.size()));
}

}  // namespace

// Frees a history of any depth without recursion: inputs that nobody else holds are emptied first.
template <class T>
Node<T>::~Node() {
  if (inputs.empty()) return;
  vjp = nullptr;
  auto doomed = std::move(inputs);
  while (!doomed.empty()) {
    std::shared_ptr<Node> node = std::move(doomed.back());
    doomed.pop_back();
    if (node.use_count() != 1) continue;
    std::atomic_thread_fence(std::memory_order_acquire);  // after whoever let go of it last
    node->vjp = nullptr;  // may hold tensors of its own; their chains end at leaves
    for (auto& input : node->inputs) doomed.push_back(std::move(input));
    node->inputs.clear();
  }
}

template <class T>
Tensor<T>::Tensor(T value) : node_(make_node(scalar(value), false)) {}

template <class T>
Tensor<T>::Tensor(Array<T> value) : node_(make_node(std::move(value), false)) {}

template <class T>
Tensor<T>::Tensor(Array<T> value, GradientTag) : node_(make_node(std::move(value), true)) {}

template <class T>
Tensor<T>::Tensor(const Shape& shape, std::initializer_list<T> values)
    : Tensor(from_list(shape, values)) {}

template <class T>
Tensor<T>::Tensor(const Shape& shape, std::initializer_list<T> values, GradientTag)
    : Tensor(from_list(shape, values), kRequiresGrad) {}

template <class T>
Node<T>& Tensor<T>::node() const {
  if (!node_) throw GraphError("tensor: used before it was given a value");
  return *node_;
}

template <class T>
Array<T>& Tensor<T>::mutable_value() {
  if (!is_leaf())
    throw GraphError(std::string("mutable_value: need a leaf; got the result of ") + op());
  return node().value;
}

template <class T>
std::size_t Tensor<T>::dim(std::size_t axis) const {
  if (axis >= rank())
    throw_shape_error("dim", "need axis " + std::to_string(axis) + " < rank", {{"x", shape()}});
  return shape()[axis];
}

template <class T>
T Tensor<T>::item() const {
  if (size() != 1) throw_shape_error("item", "need one element", {{"x", shape()}});
  return *value().data();
}

template <class T>
const Array<T>& Tensor<T>::grad() const& {
  if (!has_grad())
    throw GraphError(
        "grad: no gradient here; need a leaf with requires_grad (or retain_grad()) and a call of "
        "backward()");
  return *node().extras->grad;
}

template <class T>
void Tensor<T>::zero_grad() {
  if (node().extras) node().extras->grad.reset();
}

template <class T>
void Tensor<T>::retain_grad() {
  if (!requires_grad()) throw GraphError("retain_grad: need a tensor that requires a gradient");
  node().make_extras().retains_grad = true;
}

template <class T>
void Tensor<T>::register_hook(GradientHook<T> hook) {
  if (!requires_grad()) throw GraphError("register_hook: need a tensor that requires a gradient");
  node().make_extras().hooks.push_back(std::move(hook));
}

template <class T>
Tensor<T> Tensor<T>::detach() const {
  return Tensor(value());
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
Tensor<T> record(const char* op, std::vector<Tensor<T>> inputs, Array<T> value,
                 std::type_identity_t<VjpFunction<T>> vjp) {
  bool wanted = false;
  for (const Tensor<T>& input : inputs) wanted = input.requires_grad() || wanted;
  auto node = make_node(std::move(value), wanted && mode.grad);
  node->op = op;
  ProfileScope::made(node->id);
  if (mode.anomaly) require_finite_output(op, inputs, node->value);
  if (node->requires_grad) {
    if (!vjp)
      throw GraphError(std::string("record: op ") + op + " needs a vector-Jacobian product");
    node->inputs.reserve(inputs.size());
    for (const Tensor<T>& input : inputs) node->inputs.push_back(input.node_pointer());
    node->vjp = std::move(vjp);
  }
  return Tensor<T>(std::move(node));
}

template <class T>
bool records_history(std::initializer_list<Tensor<T>> inputs) {
  if (!mode.grad) return false;
  for (const Tensor<T>& input : inputs)
    if (input.defined() && input.requires_grad()) return true;
  return false;
}

NoGrad::NoGrad() : previous_(mode.grad) { mode.grad = false; }
NoGrad::~NoGrad() { mode.grad = previous_; }
EnableGrad::EnableGrad() : previous_(mode.grad) { mode.grad = true; }
EnableGrad::~EnableGrad() { mode.grad = previous_; }
DetectAnomaly::DetectAnomaly() : previous_(mode.anomaly) { mode.anomaly = true; }
DetectAnomaly::~DetectAnomaly() { mode.anomaly = previous_; }
bool grad_enabled() { return mode.grad; }
bool anomaly_enabled() { return mode.anomaly; }

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

template class Tensor<float>;
template class Tensor<double>;
template struct Node<float>;
template struct Node<double>;
template Tensor<float> record(const char*, std::vector<Tensor<float>>, Array<float>,
                              VjpFunction<float>);
template Tensor<double> record(const char*, std::vector<Tensor<double>>, Array<double>,
                               VjpFunction<double>);
template bool records_history(std::initializer_list<Tensor<float>>);
template bool records_history(std::initializer_list<Tensor<double>>);

}  // namespace babelgrad
