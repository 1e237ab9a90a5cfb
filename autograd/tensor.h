// Tensor<T>: a handle to a node of the autodiff graph, and `record`, which makes such nodes.
//
// A node holds a value, the nodes it was computed from, and its vector-Jacobian product (VJP). The
// graph is built as ops run; backward.h walks it. T is float or double.
//
//   Tensor<double> w({2, 3}, values, kRequiresGrad);
//   Tensor<double> loss = sum(tanh(matmul(x, w)));
//   loss.backward();
//   w.grad();  // d loss / d w, [2, 3]
//
// Thread-safety: reading a tensor from several threads is safe; changing one (mutable_value,
// backward into .grad()) is not. gradients() changes nothing that is shared.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "babelgrad/autograd/array.h"
#include "babelgrad/autograd/error.h"

namespace babelgrad {

template <class T>
class Vjp;
template <class T>
class Tensor;

// Called with the complete gradient of a tensor; a returned array replaces it.
template <class T>
using GradientHook = std::function<std::optional<Array<T>>(const Array<T>&)>;

// Called once in a backward pass, with the gradient of the node's output; see vjp.h.
template <class T>
using VjpFunction = std::function<void(Vjp<T>&)>;

// What few nodes have: those that a user holds on to.
template <class T>
struct NodeExtras {
  std::optional<Array<T>> grad;  // from backward(): leaves, and where retain_grad() asked
  bool retains_grad = false;
  std::vector<GradientHook<T>> hooks;
  std::string name;  // given by the user; shown by inspection
};

template <class T>
struct Node {
  std::uint64_t id = 0;  // creation order: inputs have smaller ids than what is computed from them
  const char* op = "leaf";
  bool requires_grad = false;
  bool released = false;  // a backward pass has freed the history
  Array<T> value;
  std::vector<std::shared_ptr<Node>, CachingAllocator<std::shared_ptr<Node>>> inputs;
  VjpFunction<T> vjp;
  std::unique_ptr<NodeExtras<T>> extras;  // null: as default-constructed

  Node() = default;
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;
  ~Node();

  bool is_leaf() const { return !vjp && !released; }
  NodeExtras<T>& make_extras() {
    if (!extras) extras = std::make_unique<NodeExtras<T>>();
    return *extras;
  }
};

struct GradientTag {};
inline constexpr GradientTag kRequiresGrad{};

struct BackwardOptions {
  bool retain_graph = false;  // keep the history for another backward pass
};

template <class T>
class Tensor {
 public:
  Tensor() = default;  // undefined: refers to no node
  Tensor(T value);     // a constant of rank 0
  explicit Tensor(Array<T> value);
  Tensor(Array<T> value, GradientTag);
  Tensor(const Shape& shape, std::initializer_list<T> values);
  Tensor(const Shape& shape, std::initializer_list<T> values, GradientTag);
  explicit Tensor(std::shared_ptr<Node<T>> node) : node_(std::move(node)) {}

  bool defined() const { return node_ != nullptr; }
  const Array<T>& value() const& { return node().value; }
  Array<T> value() && { return node().value; }  // of a temporary: no reference may stay
  Array<T>& mutable_value();  // leaves only; do not change one between forward and backward
  const Shape& shape() const& { return node().value.shape(); }
  Shape shape() && { return node().value.shape(); }
  std::size_t rank() const { return shape().size(); }
  std::size_t dim(std::size_t axis) const;
  std::size_t size() const { return node().value.size(); }
  T item() const;  // the value of a tensor of one element

  bool requires_grad() const { return node().requires_grad; }
  bool is_leaf() const { return node().is_leaf(); }
  bool has_grad() const { return node().extras && node().extras->grad.has_value(); }
  const Array<T>& grad() const&;  // a GraphError if backward() has left none here
  Array<T> grad() && { return static_cast<const Tensor&>(*this).grad(); }
  void zero_grad();
  void retain_grad();  // make backward() keep the gradient of this non-leaf, too
  void register_hook(GradientHook<T> hook);

  // The same value without history.
  Tensor detach() const;

  // Adds d this / d leaf to .grad() of every leaf below. `this` holds one element.
  void backward(BackwardOptions options = {}) const;
  // Adds the vector-Jacobian product with `cotangent` (of this tensor's shape) instead.
  template <std::same_as<Array<T>> Cotangent>  // no conversions: {} is always BackwardOptions
  void backward(const Cotangent& cotangent, BackwardOptions options = {}) const {
    accumulate(cotangent, options);
  }

  const char* op() const { return node().op; }
  const std::string& name() const;
  Tensor& set_name(std::string name);

  Node<T>& node() const;
  const std::shared_ptr<Node<T>>& node_pointer() const { return node_; }

 private:
  void accumulate(const Array<T>& cotangent, BackwardOptions options) const;

  std::shared_ptr<Node<T>> node_;
};

// Makes the node of an op. `value` is the op's result, `vjp` its vector-Jacobian product, which may
// capture plain arrays and reads inputs and output from its argument; it must not capture a Tensor
// of the op's own output. No history is kept if no input requires a gradient or under NoGrad. The
// name is a string literal. Ops of user code call this, too.
template <class T>
Tensor<T> record(const char* op, std::vector<Tensor<T>> inputs, Array<T> value,
                 std::type_identity_t<VjpFunction<T>> vjp);

// True if an op over these inputs keeps a history here: worth knowing before saving arrays for it.
template <class T>
bool records_history(std::initializer_list<Tensor<T>> inputs);

// While one lives, ops of this thread record nothing.
class NoGrad {
 public:
  NoGrad();
  ~NoGrad();
  NoGrad(const NoGrad&) = delete;
  NoGrad& operator=(const NoGrad&) = delete;

 private:
  bool previous_;
};

// While one lives, ops of this thread record their history even inside a NoGrad.
class EnableGrad {
 public:
  EnableGrad();
  ~EnableGrad();
  EnableGrad(const EnableGrad&) = delete;
  EnableGrad& operator=(const EnableGrad&) = delete;

 private:
  bool previous_;
};

// While one lives, ops and backward passes of this thread check every result: the first op that
// makes a NaN or an Inf from its inputs throws a NumericError with its name and shapes. Slow.
class DetectAnomaly {
 public:
  DetectAnomaly();
  ~DetectAnomaly();
  DetectAnomaly(const DetectAnomaly&) = delete;
  DetectAnomaly& operator=(const DetectAnomaly&) = delete;

 private:
  bool previous_;
};

bool grad_enabled();
bool anomaly_enabled();

struct NamedShape {
  const char* name;
  Shape shape;
};

// Throws a ShapeError `op: rule; got a [..], b [..]`.
[[noreturn]] void throw_shape_error(const std::string& op, const std::string& rule,
                                    std::initializer_list<NamedShape> got);

extern template class Tensor<float>;
extern template class Tensor<double>;
extern template struct Node<float>;
extern template struct Node<double>;

}  // namespace babelgrad
