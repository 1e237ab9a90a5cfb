// The backward pass whose results are tensors with a history of their own: derivatives of
// derivatives. The VJP of each op runs over tensors, so what it computes is recorded.
#include "babelgrad/autograd/backward.h"
#include "babelgrad/autograd/broadcast.h"
#include "babelgrad/autograd/ops.h"
#include "babelgrad/autograd/pass.h"
#include "babelgrad/autograd/vjp.h"

namespace babelgrad {
namespace {

template <class T>
class GraphVisit final : public GraphVjp<T> {
 public:
  using Gradients = Pass<T, Tensor<T>>;

  GraphVisit(Gradients& pass, std::shared_ptr<Node<T>> node, Tensor<T> gradient)
      : GraphVjp<T>(std::move(node), std::move(gradient)), pass_(pass) {}

  void accumulate(std::size_t i, const Tensor<T>& g) override {
    if (!this->wants(i)) return;
    check_gradient(*this->node_, i, g.shape());
    const Tensor<T> fitted = g.shape() == this->shape(i) ? g : sum_to(g, this->shape(i));
    auto& slot = pass_.slot(this->node_->inputs[i].node);
    slot.gradient = slot.filled ? slot.gradient + fitted : fitted;
    slot.filled = true;
  }

  void accumulate_rows(std::size_t i, const IntArray& indices, const Tensor<T>& values) override {
    const Shape& table = this->shape(i);
    const Tensor<T> rows = reshape(values, Shape{indices.size(), table[1]});
    accumulate(i,
               index_add(Tensor<T>(zeros<T>(table)), 0, indices.reshaped({indices.size()}), rows));
  }

 private:
  Gradients& pass_;
};

// Visits the nodes below `output`; on_complete(node, gradient)
// for each, and no further below where it returns false.
template <class T, class Function>
void walk_back(const Tensor<T>& output, const Tensor<T>& cotangent, Function on_complete) {
  using Gradients = Pass<T, Tensor<T>>;
  check_start(output, cotangent.shape());
  const EnableGrad enable_grad;
  Gradients pass;
  auto& first = pass.slot(output.node_pointer());
  first.gradient = cotangent;
  first.filled = true;
  pass.run([&](typename Gradients::Slot& slot) {
    Node<T>& node = *slot.node;
    if (node.extras && !node.extras->hooks.empty())
      throw GraphError(std::string("gradients: the hook on ") + node.op +
                       " takes an array, so with create_graph it cannot be differentiated");
    if (!on_complete(node, slot.gradient)) return;
    check_history(node);
    if (!node.vjp) return;
    if (!node.vjp.has_graph_entry())
      throw GraphError(std::string("gradients: the gradient of ") + node.op +
                       " is over arrays alone, so with create_graph it cannot be differentiated; "
                       "record it with a generic function or a definition");
    GraphVisit<T> visit(pass, slot.node, slot.gradient);
    node.vjp(static_cast<GraphVjp<T>&>(visit));
  });
}

}  // namespace

template <class T>
std::vector<Tensor<T>> gradients(const Tensor<T>& output, const Tensor<T>& cotangent,
                                 const std::type_identity_t<std::vector<Tensor<T>>>& leaves,
                                 GraphOptions options) {
  const auto wanted = index_leaves(leaves);
  std::vector<Tensor<T>> results(leaves.size());
  std::vector<bool> found(leaves.size(), false);
  walk_back(output, cotangent, [&](Node<T>& node, const Tensor<T>& gradient) {
    const auto position = wanted.find(&node);
    if (position == wanted.end()) return true;
    found[position->second] = true;
    // A node and elements of its own: several leaves may have one gradient.
    results[position->second] =
        options.create_graph ? identity(gradient) : Tensor<T>(Array<T>(gradient.value()));
    return true;
  });
  if (!options.allow_unused) require_used(leaves, found);
  for (std::size_t i = 0; i < leaves.size(); ++i)
    if (!found[i]) results[i] = zeros<T>(leaves[i].shape());
  return results;
}

template <class T>
std::vector<Tensor<T>> gradients(const Tensor<T>& loss,
                                 const std::type_identity_t<std::vector<Tensor<T>>>& leaves,
                                 GraphOptions options) {
  return gradients(loss, Tensor<T>(unit_cotangent(loss)), leaves, options);
}

// The definition runs on proxies of the inputs, which the pass does not go below.
template <class T>
void differentiate_definition(GraphVjp<T>& c, const Definition<T>& definition) {
  const EnableGrad enable_grad;
  std::vector<Tensor<T>> proxies;
  for (std::size_t i = 0; i < c.inputs(); ++i)
    proxies.push_back(c.wants(i) ? identity(c.in(i)) : c.in(i).detach());
  const Tensor<T> output = definition(proxies);
  if (!output.requires_grad()) return;
  const auto known = index_leaves(proxies);
  walk_back(output, c.grad, [&](Node<T>& node, const Tensor<T>& gradient) {
    const auto position = known.find(&node);
    if (position != known.end())
      c.accumulate(position->second, gradient);
    else if (node.is_leaf())
      throw GraphError(std::string(c.op()) +
                       ": the function differentiates through a tensor of "
                       "shape " +
                       to_string(node.value.shape()) + " that is not among its inputs");
    return position == known.end();
  });
}

#define BABELGRAD_INSTANTIATE(T)                                                             \
  template std::vector<Tensor<T>> gradients(const Tensor<T>&, const std::vector<Tensor<T>>&, \
                                            GraphOptions);                                   \
  template std::vector<Tensor<T>> gradients(const Tensor<T>&, const Tensor<T>&,              \
                                            const std::vector<Tensor<T>>&, GraphOptions);    \
  template void differentiate_definition(GraphVjp<T>&, const Definition<T>&);
BABELGRAD_INSTANTIATE(float)
BABELGRAD_INSTANTIATE(double)
#undef BABELGRAD_INSTANTIATE

}  // namespace babelgrad
