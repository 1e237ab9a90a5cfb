// Node<T>: a value of the autodiff graph, what it was computed from, and how to differentiate that.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "babelgrad/autograd/array.h"
#include "babelgrad/autograd/vjp_function.h"

namespace babelgrad {

// Called with the complete gradient of a tensor; a returned array replaces it.
template <class T>
using GradientHook = std::function<std::optional<Array<T>>(const Array<T>&)>;

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
  struct Input {
    std::shared_ptr<Node> node;
    std::uint32_t version = 0;  // of its value when the op read it
  };

  std::uint64_t id = 0;  // creation order: inputs have smaller ids than what is computed from them
  const char* op = "leaf";
  bool requires_grad = false;
  bool released = false;      // a backward pass has freed the history
  std::uint32_t version = 0;  // of `value` when the op made it
  Array<T> value;
  std::vector<Input, CachingAllocator<Input>> inputs;
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

// A node without history.
template <class T>
std::shared_ptr<Node<T>> make_node(Array<T> value, bool requires_grad);

extern template struct Node<float>;
extern template struct Node<double>;

}  // namespace babelgrad
