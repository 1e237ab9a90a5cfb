// Reverse-mode differentiation over the recorded graph.
//
// Nodes are visited in descending creation order, each once, when its gradient is
// complete; nothing recurses, so a chain of a million nodes is fine. A node's history (its VJP with
// whatever that saved) is freed as soon as it has been visited, unless retain_graph asks otherwise.
#pragma once

#include <functional>
#include <vector>

#include "babelgrad/autograd/row_gradient.h"
#include "babelgrad/autograd/vjp.h"

namespace babelgrad {

// d loss / d leaf for each of `leaves`. The loss holds one element. A leaf that the loss does not
// depend on is a GraphError that names it, or has a gradient of zeros with allow_unused. Changes
// nothing that several losses share: threads may call it at once for different losses over the same
// leaves.
template <class T>
std::vector<Array<T>> gradients(const Tensor<T>& loss,
                                const std::type_identity_t<std::vector<Tensor<T>>>& leaves,
                                BackwardOptions options = {});

// The vector-Jacobian product with `cotangent`, of the shape of `output`, instead.
template <class T>
std::vector<Array<T>> gradients(const Tensor<T>& output, const Array<T>& cotangent,
                                const std::type_identity_t<std::vector<Tensor<T>>>& leaves,
                                BackwardOptions options = {});

// Has no default, so that only {.create_graph = true} asks for tensors.
struct CreateGraph {
  bool value;
  constexpr CreateGraph(std::same_as<bool> auto v) : value(v) {}
  constexpr operator bool() const { return value; }
};
struct GraphOptions {
  CreateGraph create_graph;  // false: the results are constants
  bool allow_unused = false;
};

// The same as tensors with a history, to be differentiated again: for derivatives of derivatives.
// The graph stays.
//
//   Tensor<double> g = gradients(loss, {x}, {.create_graph = true})[0];
//   gradients(sum(square(g)), {x});
template <class T>
std::vector<Tensor<T>> gradients(const Tensor<T>& loss,
                                 const std::type_identity_t<std::vector<Tensor<T>>>& leaves,
                                 GraphOptions options);
template <class T>
std::vector<Tensor<T>> gradients(const Tensor<T>& output, const Tensor<T>& cotangent,
                                 const std::type_identity_t<std::vector<Tensor<T>>>& leaves,
                                 GraphOptions options);

// The same for a loss of one element, without making whole arrays of the gradients of tables
// that only `embedding` reads: what a training step over a large vocabulary wants.
template <class T>
std::vector<Gradient<T>> gradients_by_rows(const Tensor<T>& loss,
                                           const std::vector<Tensor<T>>& leaves,
                                           BackwardOptions options = {});

// Tensor::backward: adds the products to .grad() of every leaf below `output`.
template <class T>
void accumulate_gradients(const Tensor<T>& output, const Array<T>& cotangent,
                          BackwardOptions options);

// Runs `fn` without keeping its intermediate arrays, and runs it again when a backward pass comes
// by: memory for time. Every tensor that `fn` differentiates through must be among `inputs`; one
// that is captured instead is a GraphError in the backward pass. `fn` must compute the same twice.
template <class T>
Tensor<T> checkpoint(std::type_identity_t<Definition<T>> fn, const std::vector<Tensor<T>>& inputs);
template <class T>
Tensor<T> checkpoint(std::type_identity_t<Definition<T>> fn,
                     std::initializer_list<Tensor<T>> inputs) {
  return checkpoint<T>(std::move(fn), std::vector<Tensor<T>>(inputs));
}

}  // namespace babelgrad
