#include <atomic>

#include "babelgrad/autograd/backward.h"
#include "babelgrad/autograd/inspection/finite.h"
#include "babelgrad/autograd/inspection/profile.h"
#include "babelgrad/autograd/vjp.h"

namespace babelgrad {
namespace {

std::atomic<std::uint64_t> next_id{1};

[[noreturn]] void throw_changed(const std::string& op, const std::string& what) {
  throw GraphError("backward of " + op + ": " + what + " was changed after " + op +
                   " ran, so its gradient would be wrong");
}

}  // namespace

void detail::throw_no_input(const char* op, std::size_t inputs, std::size_t i) {
  throw GraphError(std::string("backward of ") + op + ": its VJP asks for input " +
                   std::to_string(i) + " of " + std::to_string(inputs));
}

template <class T>
std::shared_ptr<Node<T>> make_node(Array<T> value, bool requires_grad) {
  auto node = std::allocate_shared<Node<T>>(CachingAllocator<Node<T>>());
  node->id = next_id.fetch_add(1, std::memory_order_relaxed);
  node->value = std::move(value);
  node->requires_grad = requires_grad;
  return node;
}

template <class T>
Tensor<T> detail::record_node(const char* op, std::vector<Tensor<T>> inputs, Array<T> value,
                              VjpFunction<T> vjp) {
  const ThreadModes modes = thread_modes();
  bool wanted = false;
  for (const Tensor<T>& input : inputs) wanted = input.requires_grad() || wanted;
  auto node = make_node(std::move(value), wanted && modes.grad);
  node->op = op;
  ProfileScope::made(node->id);
  if (modes.anomaly) require_finite_output(op, inputs, node->value);
  if (node->requires_grad) {
    node->version = node->value.version();
    node->inputs.reserve(inputs.size());
    for (Tensor<T>& input : inputs) {
      const std::uint32_t version = input.value().version();
      node->inputs.push_back({std::move(input).node_pointer(), version});
    }
    node->vjp = std::move(vjp);
  }
  return Tensor<T>(std::move(node));
}

template <class T>
Tensor<T> record_defined(const char* op, std::vector<Tensor<T>> inputs, Array<T> value,
                         Definition<T> definition) {
  if (thread_modes().composed) return definition(inputs);
  return record(
      op, std::move(inputs), std::move(value),
      [definition = std::move(definition)](auto& c) { differentiate_definition(c, definition); });
}

template <class T>
bool records_history(std::initializer_list<Tensor<T>> inputs) {
  if (!grad_enabled()) return false;
  for (const Tensor<T>& input : inputs)
    if (input.defined() && input.requires_grad()) return true;
  return false;
}

template <class T>
const Array<T>& Vjp<T>::in(std::size_t i) const {
  const auto& input = detail::input(node_, i);
  if (input.node->value.version() != input.version)
    throw_changed(node_.op, "its input " + std::to_string(i) + ", " + describe(*input.node) + ",");
  return input.node->value;
}

template <class T>
const Array<T>& Vjp<T>::out() const {
  if (node_.value.version() != node_.version)
    throw_changed(node_.op, "its output, " + describe(node_) + ",");
  return node_.value;
}

template <class T>
const Array<T>& SavedArray<T>::get(const char* op, const char* what) const {
  if (array_.version() != version_) throw_changed(op, what);
  return array_;
}

template <class T>
Array<T> Vjp<T>::take_grad() {
  return grad_.is_shared() ? grad_ : std::move(grad_);
}

template <class T>
Tensor<T> GraphVjp<T>::in(std::size_t i) const {
  const auto& input = detail::input(*node_, i);
  if (input.node->value.version() != input.version)
    throw_changed(node_->op, "its input " + std::to_string(i) + ", " + describe(*input.node) + ",");
  return Tensor<T>(input.node);
}

template <class T>
Tensor<T> GraphVjp<T>::out() const {
  if (node_->value.version() != node_->version)
    throw_changed(node_->op, "its output, " + describe(*node_) + ",");
  return Tensor<T>(node_);
}

#define BABELGRAD_INSTANTIATE(T)                                                                   \
  template class Vjp<T>;                                                                           \
  template class SavedArray<T>;                                                                    \
  template class GraphVjp<T>;                                                                      \
  template std::shared_ptr<Node<T>> make_node(Array<T>, bool);                                     \
  template Tensor<T> detail::record_node(const char*, std::vector<Tensor<T>>, Array<T>,            \
                                         VjpFunction<T>);                                          \
  template Tensor<T> record_defined(const char*, std::vector<Tensor<T>>, Array<T>, Definition<T>); \
  template bool records_history(std::initializer_list<Tensor<T>>);
BABELGRAD_INSTANTIATE(float)
BABELGRAD_INSTANTIATE(double)
#undef BABELGRAD_INSTANTIATE

}  // namespace babelgrad
