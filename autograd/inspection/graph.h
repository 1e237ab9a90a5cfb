// The graph below a tensor as data, and as a picture in Graphviz' DOT language.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "babelgrad/autograd/inspection/profile.h"
#include "babelgrad/autograd/tensor.h"

namespace babelgrad {

struct GraphNode {
  std::uint64_t id = 0;  // Node::id
  std::string op, name;  // op is "leaf" for a leaf
  Shape shape;
  std::size_t bytes = 0;  // of the value
  bool requires_grad = false;
  std::vector<std::size_t> inputs;  // places in the list; an op may take one twice

  bool is_leaf() const { return inputs.empty(); }
};

// Everything that `output` was computed from, in the order of creation; `output` is the last. Of
// history that a backward pass has freed nothing is left to see.
template <class T>
std::vector<GraphNode> graph_below(const Tensor<T>& output);

// Ops as boxes with op, shape, bytes and, where it is known, time: the more of it, the darker.
// Parameters (leaves with names) that the same ops use share a box; if these ops are many, they
// bear its title instead of being tied to it. Frames are drawn by the first parts of the names,
// "encoder" of "encoder.gru.bias_l0", around the parameters and what is computed with them.
std::string to_dot(const std::vector<GraphNode>& graph, const NodeCosts& costs = {});

template <class T>
std::string to_dot(const Tensor<T>& output) {
  return to_dot(graph_below(output));
}

}  // namespace babelgrad
