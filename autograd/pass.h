// The order of a backward pass, for the .cpp files that walk the graph: nodes in descending
// creation order, each once, when all that used it has been visited. Nothing recurses.
#pragma once

#include <map>
#include <unordered_map>

#include "babelgrad/autograd/broadcast.h"
#include "babelgrad/autograd/tensor.h"

namespace babelgrad {

// G: what is kept of a node's gradient while it arrives. All state is the pass's own.
template <class T, class G>
class Pass {
 public:
  struct Slot {
    std::shared_ptr<Node<T>> node;
    G gradient;
    bool filled = false;
  };

  // The slot of a node that has not been visited yet.
  Slot& slot(const std::shared_ptr<Node<T>>& node) {
    const auto position = slots_.lower_bound(node->id);
    if (position != slots_.end() && position->first == node->id) return position->second;
    if (!spare_) return slots_.emplace_hint(position, node->id, Slot{node, {}, false})->second;
    spare_.key() = node->id;
    spare_.mapped().node = node;
    return slots_.insert(position, std::move(spare_))->second;
  }

  // visit(slot) for each node, the youngest first; it may fill slots of older ones.
  template <class Visit>
  void run(Visit visit) {
    while (!slots_.empty()) {
      auto youngest = slots_.extract(slots_.begin());
      visit(youngest.mapped());
      youngest.mapped() = Slot();
      spare_ = std::move(youngest);
    }
  }

 private:
  using Slots = std::map<std::uint64_t, Slot, std::greater<>>;

  Slots slots_;
  typename Slots::node_type spare_;  // of the node visited last, for the next slot
};

// Which leaf a node is.
template <class T>
std::unordered_map<const Node<T>*, std::size_t> index_leaves(const std::vector<Tensor<T>>& leaves) {
  std::unordered_map<const Node<T>*, std::size_t> index;
  for (std::size_t i = 0; i < leaves.size(); ++i)
    if (!index.emplace(&leaves[i].node(), i).second)
      throw GraphError("gradients: leaf " + std::to_string(i) + " is given twice");
  return index;
}

template <class T>
void require_used(const std::vector<Tensor<T>>& leaves, const std::vector<bool>& found) {
  for (std::size_t i = 0; i < leaves.size(); ++i)
    if (!found[i])
      throw GraphError("gradients: the loss does not depend on leaf " + std::to_string(i) + ", " +
                       describe(leaves[i].node()) +
                       (leaves[i].requires_grad() ? "" : ", which requires no gradient") +
                       "; with allow_unused its gradient is zeros");
}

// The checks of where a pass starts.
template <class T>
void check_start(const Tensor<T>& output, const Shape& cotangent) {
  if (!output.requires_grad())
    throw GraphError("backward: the result does not depend on a tensor that requires a gradient");
  if (cotangent != output.shape())
    throw_shape_error("backward", "need a cotangent of the output's shape",
                      {{"output", output.shape()}, {"cotangent", cotangent}});
}

template <class T>
void check_history(const Node<T>& node) {
  if (node.released)
    throw GraphError(std::string("backward: the history of ") + node.op +
                     " was freed by an earlier backward pass; give that one retain_graph");
}

// A gradient that arrives for an input: of its shape, or of one that its shape broadcasts to.
template <class T>
void check_gradient(const Node<T>& node, std::size_t i, const Shape& gradient) {
  const Shape& input = node.inputs[i].node->value.shape();
  if (!broadcasts_to(input, gradient))
    throw_shape_error(std::string("backward of ") + node.op,
                      "need a gradient of the shape of input " + std::to_string(i),
                      {{"input", input}, {"gradient", gradient}});
}

template <class T>
Array<T> unit_cotangent(const Tensor<T>& loss) {
  if (loss.size() != 1)
    throw_shape_error("gradients", "need a loss of one element", {{"loss", loss.shape()}});
  return full<T>(loss.shape(), T(1));
}

}  // namespace babelgrad
