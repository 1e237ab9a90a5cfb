#include "babelgrad/autograd/backward.h"

#include <algorithm>
#include <unordered_map>

#include "babelgrad/autograd/finite.h"
#include "babelgrad/autograd/profile.h"
#include "babelgrad/autograd/vjp.h"

namespace babelgrad {
namespace {

// The gradients under way in one backward pass. All its state is its own: nodes are only read,
// except that a visited node's history is freed.
template <class T>
class Pass {
 public:
  explicit Pass(BackwardOptions options) : options_(options) {}

  void start(const Tensor<T>& output, const Array<T>& cotangent) {
    if (!output.requires_grad())
      throw GraphError("backward: the result does not depend on a tensor that requires a gradient");
    if (cotangent.shape() != output.shape())
      throw_shape_error("backward", "need a cotangent of the output's shape",
                        {{"output", output.shape()}, {"cotangent", cotangent.shape()}});
    slot(output.node_pointer()).grad = cotangent;
  }

  // Visits every node; calls on_complete(node, gradient) once for each, leaves included.
  template <class Function>
  void run(Function on_complete) {
    while (!heap_.empty()) {
      std::pop_heap(heap_.begin(), heap_.end(), older);
      const std::shared_ptr<Node<T>> node = std::move(heap_.back());
      heap_.pop_back();
      visit(*node, on_complete);
    }
  }

  struct Slot {
    Array<T> grad;
    bool filled = true;
  };

  Slot& slot(const std::shared_ptr<Node<T>>& node) {
    auto [position, inserted] = slots_.try_emplace(node.get());
    if (inserted) {
      heap_.push_back(node);
      std::push_heap(heap_.begin(), heap_.end(), older);
      position->second.filled = false;
    }
    return position->second;
  }

 private:
  class Visit final : public Vjp<T> {
   public:
    Visit(Pass& pass, Node<T>& node) : Vjp<T>(node, !pass.options_.retain_graph), pass_(pass) {}

    void accumulate(std::size_t i, Array<T> g) override {
      if (!this->wants(i)) return;
      Node<T>& node = this->node_;
      if (g.shape() != this->in(i).shape())
        throw_shape_error(std::string("backward of ") + node.op,
                          "need a gradient of the shape of input " + std::to_string(i),
                          {{"input", this->in(i).shape()}, {"gradient", g.shape()}});
      if (anomaly_enabled()) require_finite_gradient(node, i, g);
      Slot& slot = pass_.slot(node.inputs[i]);
      if (slot.filled)
        slot.grad += g;
      else
        slot.grad = std::move(g);
      slot.filled = true;
    }

    GradientBuffer<T> buffer(std::size_t i) override {
      if (!this->wants(i))
        throw GraphError(std::string("backward of ") + this->node_.op + ": input " +
                         std::to_string(i) + " wants no gradient");
      Slot& slot = pass_.slot(this->node_.inputs[i]);
      const bool filled = std::exchange(slot.filled, true);
      if (!filled) slot.grad = uninitialized<T>(this->in(i).shape());
      written_.push_back(i);
      return {slot.grad.data(), filled ? T(1) : T(0)};
    }

    void check_written_buffers() {
      if (!anomaly_enabled()) return;
      for (std::size_t i : written_)
        require_finite_gradient(this->node_, i, pass_.slot(this->node_.inputs[i]).grad);
    }

   private:
    Pass& pass_;
    std::vector<std::size_t> written_;
  };

  template <class Function>
  void visit(Node<T>& node, Function& on_complete) {
    const auto position = slots_.find(&node);
    Visit visit(*this, node);
    visit.grad = std::move(position->second.grad);
    slots_.erase(position);
    for (const GradientHook<T>& hook : node.hooks) replace_by_hook(hook, node, visit.grad);
    on_complete(node, visit.grad);
    if (node.released)
      throw GraphError(std::string("backward: the history of ") + node.op +
                       " was freed by an earlier backward pass; give that one retain_graph");
    if (!node.vjp) return;
    {
      const ProfileScope profile(node.op, Phase::backward);
      node.vjp(visit);
    }
    visit.check_written_buffers();
    if (!options_.retain_graph) {
      node.vjp = nullptr;
      node.inputs.clear();
      node.released = true;
    }
  }

  static void replace_by_hook(const GradientHook<T>& hook, const Node<T>& node, Array<T>& grad) {
    std::optional<Array<T>> replacement = hook(grad);
    if (!replacement) return;
    if (replacement->shape() != node.value.shape())
      throw_shape_error(std::string("hook on ") + node.op, "need a gradient of the tensor's shape",
                        {{"tensor", node.value.shape()}, {"gradient", replacement->shape()}});
    grad = std::move(*replacement);
  }

  static bool older(const std::shared_ptr<Node<T>>& a, const std::shared_ptr<Node<T>>& b) {
    return a->id < b->id;
  }

  BackwardOptions options_;
  std::unordered_map<Node<T>*, Slot> slots_;
  std::vector<std::shared_ptr<Node<T>>> heap_;
};

template <class T>
Array<T> unit_cotangent(const Tensor<T>& loss) {
  if (loss.size() != 1)
    throw_shape_error("gradients", "need a loss of one element", {{"loss", loss.shape()}});
  return full<T>(loss.shape(), T(1));
}

}  // namespace

template <class T>
std::vector<Array<T>> gradients(const Tensor<T>& loss, const std::vector<Tensor<T>>& leaves,
                                BackwardOptions options) {
  return gradients(loss, unit_cotangent(loss), leaves, options);
}

template <class T>
std::vector<Array<T>> gradients(const Tensor<T>& output, const Array<T>& cotangent,
                                const std::vector<Tensor<T>>& leaves, BackwardOptions options) {
  std::unordered_map<const Node<T>*, std::size_t> wanted;
  std::vector<Array<T>> results(leaves.size());
  std::vector<bool> found(leaves.size(), false);
  for (std::size_t i = 0; i < leaves.size(); ++i)
    if (!wanted.emplace(&leaves[i].node(), i).second)
      throw GraphError("gradients: leaf " + std::to_string(i) + " is given twice");
  Pass<T> pass(options);
  pass.start(output, cotangent);
  pass.run([&](Node<T>& node, Array<T>& gradient) {
    const auto position = wanted.find(&node);
    if (position == wanted.end()) return;
    found[position->second] = true;
    if (node.vjp)
      results[position->second] = gradient;
    else
      results[position->second] = std::move(gradient);
  });
  for (std::size_t i = 0; i < leaves.size(); ++i)
    if (!found[i]) results[i] = zeros<T>(leaves[i].shape());
  return results;
}

template <class T>
void accumulate_gradients(const Tensor<T>& output, const Array<T>& cotangent,
                          BackwardOptions options) {
  Pass<T> pass(options);
  pass.start(output, cotangent);
  pass.run([](Node<T>& node, Array<T>& gradient) {
    if (!node.is_leaf() && !node.retains_grad) return;
    if (node.grad)
      *node.grad += gradient;
    else
      node.grad = gradient;
  });
}

template <class T>
Tensor<T> checkpoint(std::function<Tensor<T>(const std::vector<Tensor<T>>&)> fn,
                     const std::vector<Tensor<T>>& inputs) {
  const ProfileScope profile("checkpoint");
  Array<T> value;
  {
    NoGrad no_grad;
    value = fn(inputs).value();
  }
  const std::size_t count = inputs.size();
  return record<T>("checkpoint", inputs, std::move(value), [fn, count](Vjp<T>& c) {
    const EnableGrad enable_grad;
    std::vector<Tensor<T>> copies;
    std::unordered_map<const Node<T>*, std::size_t> known;
    for (std::size_t i = 0; i < count; ++i) {
      copies.push_back(c.wants(i) ? Tensor<T>(c.in(i), kRequiresGrad) : Tensor<T>(c.in(i)));
      known.emplace(&copies.back().node(), i);
    }
    const Tensor<T> output = fn(copies);
    if (!output.requires_grad()) return;
    Pass<T> pass({});
    pass.start(output, c.grad);
    pass.run([&](Node<T>& node, Array<T>& gradient) {
      const auto position = known.find(&node);
      if (position != known.end())
        c.accumulate(position->second, std::move(gradient));
      else if (node.is_leaf())
        throw GraphError("checkpoint: the function differentiates through a tensor of shape " +
                         to_string(node.value.shape()) + " that is not among its inputs");
    });
  });
}

#define BABELGRAD_INSTANTIATE(T)                                                            \
  template std::vector<Array<T>> gradients(const Tensor<T>&, const std::vector<Tensor<T>>&, \
                                           BackwardOptions);                                \
  template std::vector<Array<T>> gradients(const Tensor<T>&, const Array<T>&,               \
                                           const std::vector<Tensor<T>>&, BackwardOptions); \
  template void accumulate_gradients(const Tensor<T>&, const Array<T>&, BackwardOptions);   \
  template Tensor<T> checkpoint(std::function<Tensor<T>(const std::vector<Tensor<T>>&)>,    \
                                const std::vector<Tensor<T>>&);
BABELGRAD_INSTANTIATE(float)
BABELGRAD_INSTANTIATE(double)

}  // namespace babelgrad
