// Tensor<T>: a handle to a node of the autodiff graph. The graph is built as ops run (ops.h, and
// `record` in vjp.h for ops of your own); backward.h walks it. T is float or double.
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
#include <initializer_list>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "babelgrad/autograd/error.h"
#include "babelgrad/autograd/mask.h"
#include "babelgrad/autograd/modes.h"
#include "babelgrad/autograd/node.h"

namespace babelgrad {

struct GradientTag {};
inline constexpr GradientTag kRequiresGrad{};

struct BackwardOptions {
  bool retain_graph = false;  // keep the history for another backward pass
  bool allow_unused = false;  // gradients(): zeros for a leaf that the loss does not depend on
};

// The value of a leaf, to be changed in place. Its shape stays: assigning another is a ShapeError.
// Whatever can write announces a change, so ask anew for each: a pointer that is kept across a
// forward pass writes unnoticed, and an assignment ends it.
template <class T>
class MutableValue {
 public:
  explicit MutableValue(Array<T>& array) : array_(&array) {}

  MutableValue& operator=(Array<T> values);
  MutableValue& operator=(const MutableValue& other) { return *this = Array<T>(*other.array_); }
  MutableValue(const MutableValue&) = default;
  // w.mutable_value() -= 0.1 * gradient
  template <class Other>
  MutableValue& operator+=(const Other& other) {
    return *this = *array_ + other;
  }
  template <class Other>
  MutableValue& operator-=(const Other& other) {
    return *this = *array_ - other;
  }
  template <class Other>
  MutableValue& operator*=(const Other& other) {
    return *this = *array_ * other;
  }
  operator const Array<T>&() const { return *array_; }
  const Shape& shape() const { return array_->shape(); }
  std::size_t size() const { return array_->size(); }
  T* data() const { return changed().data(); }
  T* begin() const { return changed().begin(); }
  T* end() const { return array_->end(); }
  void fill(T value) const { changed().fill(value); }
  template <class... Index>
  T& operator()(Index... index) const {
    return changed()(index...);
  }

 private:
  Array<T>& changed() const {
    array_->announce_change();
    return *array_;
  }

  Array<T>* array_;
};

template <class T>
class Tensor {
  static_assert(std::is_same_v<T, float> || std::is_same_v<T, double>,
                "Tensor<T> is of float or double; whole numbers are in an IntArray");

 public:
  Tensor() = default;  // undefined: refers to no node
  Tensor(Array<T> value);
  Tensor(Array<T> value, GradientTag);
  template <class Number>
  requires std::is_arithmetic_v<Number>
  explicit Tensor(Number value) : Tensor(scalar(static_cast<T>(value))) {}  // rank 0
  template <class Number>
  requires std::is_arithmetic_v<Number> Tensor(Number value, GradientTag)
      : Tensor(scalar(static_cast<T>(value)), kRequiresGrad) {}
  // By shape and values, row-major: Tensor<float>({2, 2}, {1, 2, 3, 4}).
  Tensor(const Shape& shape, std::initializer_list<T> values) : Tensor(Array<T>(shape, values)) {}
  Tensor(const Shape& shape, std::initializer_list<T> values, GradientTag)
      : Tensor(Array<T>(shape, values), kRequiresGrad) {}
  Tensor(const Shape& shape, const std::vector<T>& values) : Tensor(Array<T>(shape, values)) {}
  Tensor(const Shape& shape, const std::vector<T>& values, GradientTag)
      : Tensor(Array<T>(shape, values), kRequiresGrad) {}
  // By elements, or by rows: Tensor<float> x{{1, 2}, {3, 4}} is [2, 2].
  Tensor(std::initializer_list<typename Array<T>::Element> values) : Tensor(Array<T>(values)) {}
  Tensor(std::initializer_list<typename Array<T>::Element> values, GradientTag)
      : Tensor(Array<T>(values), kRequiresGrad) {}
  Tensor(std::initializer_list<std::initializer_list<T>> rows) : Tensor(Array<T>(rows)) {}
  Tensor(std::initializer_list<std::initializer_list<T>> rows, GradientTag)
      : Tensor(Array<T>(rows), kRequiresGrad) {}
  Tensor(const Tensor&) = default;
  Tensor(Tensor&&) = default;
  Tensor& operator=(const Tensor&) & = default;  // x[0] = y would change a temporary
  Tensor& operator=(Tensor&&) & = default;
  explicit Tensor(std::shared_ptr<Node<T>> node) : node_(std::move(node)) {}

  bool defined() const { return node_ != nullptr; }
  const Array<T>& value() const& { return node().value; }
  Array<T> value() &&;  // of a temporary: no reference may stay
  // To change a leaf. A graph that has read its value notices: its backward pass is a GraphError.
  MutableValue<T> mutable_value() const;
  const Shape& shape() const& { return node().value.shape(); }
  Shape shape() && { return node().value.shape(); }
  std::size_t rank() const { return node().value.rank(); }
  // The size along an axis; a negative one counts from the last.
  std::size_t dim(std::ptrdiff_t axis) const;
  std::size_t size() const { return node().value.size(); }
  T item() const;  // the value of a tensor of one element
  // The value of one element, for reading; an index for every axis.
  template <std::integral... Index>
  T operator()(Index... index) const {
    return element({static_cast<std::ptrdiff_t>(index)...});
  }
  Tensor operator[](std::ptrdiff_t index) const;  // select(x, 0, index)

  bool requires_grad() const { return node().requires_grad; }
  bool is_leaf() const { return node().is_leaf(); }
  bool has_grad() const { return node().extras && node().extras->grad.has_value(); }
  const Array<T>& grad() const&;  // a GraphError if backward() has left none here
  Array<T> grad() && { return static_cast<const Tensor&>(*this).grad(); }
  void zero_grad() const;
  void retain_grad() const;  // make backward() keep the gradient of this non-leaf, too
  // hook: called with the complete gradient, a const Array<T>&. What it returns replaces the
  // gradient: an Array<T>, an optional one, or nothing.
  template <class Hook>
  void register_hook(Hook hook) const;

  // The same value without history; they share their elements.
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
  const std::shared_ptr<Node<T>>& node_pointer() const& { return node_; }
  std::shared_ptr<Node<T>> node_pointer() && { return std::move(node_); }

 private:
  void accumulate(const Array<T>& cotangent, BackwardOptions options) const;
  T element(std::initializer_list<std::ptrdiff_t> index) const;
  void add_hook(GradientHook<T> hook) const;

  std::shared_ptr<Node<T>> node_;
};

template <class T>
template <class Hook>
void Tensor<T>::register_hook(Hook hook) const {
  if constexpr (std::is_void_v<std::invoke_result_t<Hook&, const Array<T>&>>)
    add_hook([hook = std::move(hook)](const Array<T>& grad) mutable {
      hook(grad);
      return std::optional<Array<T>>();
    });
  else
    add_hook(std::move(hook));
}

// As PyTorch prints: values in brackets, four digits, the middle of long axes left out.
template <class T>
std::ostream& operator<<(std::ostream& out, const Array<T>& array);
template <class T>
std::ostream& operator<<(std::ostream& out, const Tensor<T>& tensor);
std::ostream& operator<<(std::ostream& out, const Mask& mask);

// "w [2, 3]" of a named tensor, "[2, 3]" of another: how messages name one.
template <class T>
std::string describe(const Node<T>& node);

struct NamedShape {
  const char* name;
  Shape shape;
};

// Throws a ShapeError `op: rule; got a [..], b [..]`.
[[noreturn]] void throw_shape_error(const std::string& op, const std::string& rule,
                                    std::initializer_list<NamedShape> got);

// An axis as an index from the front: -1 is the last. A ShapeError of `op` unless it is in range.
std::size_t checked_axis(const char* op, std::ptrdiff_t axis, const Shape& shape);

extern template class Tensor<float>;
extern template class Tensor<double>;
extern template class MutableValue<float>;
extern template class MutableValue<double>;

}  // namespace babelgrad
