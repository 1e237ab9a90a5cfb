#include "babelgrad/autograd/backward.h"

#include <map>
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
    Slot& first = slot(output.node_pointer());
    first.gradient.dense = cotangent;
    first.filled = true;
  }

  // Visits every node; calls on_complete(node, gradient) once for each, leaves included.
  template <class Function>
  void run(Function on_complete) {
    while (!slots_.empty()) {
      auto youngest = slots_.extract(slots_.begin());
      visit(youngest.mapped(), on_complete);
      youngest.mapped().node.reset();
      youngest.mapped().gradient.by_rows.reset();
      youngest.mapped().gradient.dense = Array<T>();
      youngest.mapped().filled = false;
      spare_ = std::move(youngest);
    }
  }

 private:
  struct Slot {
    std::shared_ptr<Node<T>> node;
    Gradient<T> gradient;
    bool filled = false;
  };
  // By creation number, the youngest node first.
  using Slots = std::map<std::uint64_t, Slot, std::greater<>>;

  Slot& slot(const std::shared_ptr<Node<T>>& node) {
    const auto position = slots_.lower_bound(node->id);
    if (position != slots_.end() && position->first == node->id) return position->second;
    if (!spare_) return slots_.emplace_hint(position, node->id, Slot{node, {}, false})->second;
    spare_.key() = node->id;
    spare_.mapped().node = node;
    return slots_.insert(position, std::move(spare_))->second;
  }

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
        slot.gradient.make_dense(g.shape()) += g;
      else
        slot.gradient.dense = std::move(g);
      slot.filled = true;
    }

    void accumulate_rows(std::size_t i, const IntArray& indices, const Array<T>& values) override {
      if (!this->wants(i)) return;
      const Shape& table = this->in(i).shape();
      if (table.size() != 2 || values.size() != indices.size() * table[1])
        throw_shape_error(
            std::string("backward of ") + this->node_.op,
            "need values of [indices, E] for a table [V, E]",
            {{"table", table}, {"indices", indices.shape()}, {"values", values.shape()}});
      if (anomaly_enabled()) require_finite_gradient(this->node_, i, values);
      RowGradient<T> sum = sum_by_row(indices, values);
      if (!sum.rows.empty() &&
          (sum.rows.front() < 0 || static_cast<std::size_t>(sum.rows.back()) >= table[0]))
        throw ShapeError(std::string("backward of ") + this->node_.op + ": need rows in [0, " +
                         std::to_string(table[0]) + "); got " + std::to_string(sum.rows.front()) +
                         " to " + std::to_string(sum.rows.back()));
      Slot& slot = pass_.slot(this->node_.inputs[i]);
      if (!slot.filled)
        slot.gradient.by_rows = std::move(sum);
      else if (slot.gradient.by_rows)
        add_rows(sum, *slot.gradient.by_rows);
      else
        add_rows(sum, slot.gradient.dense);
      slot.filled = true;
    }

    GradientBuffer<T> buffer(std::size_t i) override {
      if (!this->wants(i))
        throw GraphError(std::string("backward of ") + this->node_.op + ": input " +
                         std::to_string(i) + " wants no gradient");
      Slot& slot = pass_.slot(this->node_.inputs[i]);
      const bool filled = std::exchange(slot.filled, true);
      Array<T>& dense = slot.gradient.make_dense(this->in(i).shape());
      if (!filled) dense = uninitialized<T>(this->in(i).shape());
      if (anomaly_enabled()) written_.push_back(i);
      return {dense.data(), filled ? T(1) : T(0)};
    }

    void check_written_buffers() {
      for (std::size_t i : written_)
        require_finite_gradient(this->node_, i, pass_.slot(this->node_.inputs[i]).gradient.dense);
    }

   private:
    Pass& pass_;
    std::vector<std::size_t> written_;  // while anomalies are looked for
  };

  template <class Function>
  void visit(Slot& slot, Function& on_complete) {
    Node<T>& node = *slot.node;
    Gradient<T>& gradient = slot.gradient;
    if (node.vjp) gradient.make_dense(node.value.shape());
    if (node.extras)
      for (const GradientHook<T>& hook : node.extras->hooks)
        replace_by_hook(hook, node, gradient.make_dense(node.value.shape()));
    on_complete(node, gradient);
    if (node.released)
      throw GraphError(std::string("backward: the history of ") + node.op +
                       " was freed by an earlier backward pass; give that one retain_graph");
    if (!node.vjp) return;
    const Release release{node, options_.retain_graph};
    Visit visit(*this, node);
    visit.grad = std::move(gradient.dense);
    {
      const ProfileScope profile(node.op, Phase::backward, node.id);
      node.vjp(visit);
    }
    visit.check_written_buffers();
  }

  // Frees the history of a visited node, also if its VJP throws: what it saved may be used up.
  struct Release {
    Node<T>& node;
    bool retain;
    ~Release() {
      if (retain) return;
      node.vjp = nullptr;
      node.inputs.clear();
      node.released = true;
    }
  };

  static void replace_by_hook(const GradientHook<T>& hook, const Node<T>& node, Array<T>& grad) {
    std::optional<Array<T>> replacement = hook(grad);
    if (!replacement) return;
    if (replacement->shape() != node.value.shape())
      throw_shape_error(std::string("hook on ") + node.op, "need a gradient of the tensor's shape",
                        {{"tensor", node.value.shape()}, {"gradient", replacement->shape()}});
    grad = std::move(*replacement);
  }

  BackwardOptions options_;
  Slots slots_;
  typename Slots::node_type spare_;  // of the node visited last, for the next slot
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

// Calls on_complete(i, node, gradient) for each of the leaves that the output depends on; returns
// which they are.
template <class T, class Function>
std::vector<bool> differentiate(const Tensor<T>& output, const Array<T>& cotangent,
                                const std::vector<Tensor<T>>& leaves, BackwardOptions options,
                                Function on_complete) {
  std::unordered_map<const Node<T>*, std::size_t> wanted;
  std::vector<bool> found(leaves.size(), false);
  for (std::size_t i = 0; i < leaves.size(); ++i)
    if (!wanted.emplace(&leaves[i].node(), i).second)
      throw GraphError("gradients: leaf " + std::to_string(i) + " is given twice");
  Pass<T> pass(options);
  pass.start(output, cotangent);
  pass.run([&](Node<T>& node, Gradient<T>& gradient) {
    const auto position = wanted.find(&node);
    if (position == wanted.end()) return;
    found[position->second] = true;
    on_complete(position->second, node, gradient);
  });
  return found;
}

template <class T>
std::vector<Array<T>> gradients(const Tensor<T>& output, const Array<T>& cotangent,
                                const std::vector<Tensor<T>>& leaves, BackwardOptions options) {
  std::vector<Array<T>> results(leaves.size());
  const std::vector<bool> found = differentiate(
      output, cotangent, leaves, options, [&](std::size_t i, Node<T>& node, Gradient<T>& gradient) {
        Array<T>& dense = gradient.make_dense(node.value.shape());
        results[i] = node.vjp ? dense : std::move(dense);
      });
  for (std::size_t i = 0; i < leaves.size(); ++i)
    if (!found[i]) results[i] = zeros<T>(leaves[i].shape());
  return results;
}

template <class T>
std::vector<Gradient<T>> gradients_by_rows(const Tensor<T>& loss,
                                           const std::vector<Tensor<T>>& leaves,
                                           BackwardOptions options) {
  std::vector<Gradient<T>> results(leaves.size());
  const std::vector<bool> found =
      differentiate(loss, unit_cotangent(loss), leaves, options,
                    [&](std::size_t i, Node<T>& node, Gradient<T>& gradient) {
                      results[i] = node.vjp ? gradient : std::move(gradient);
                    });
  for (std::size_t i = 0; i < leaves.size(); ++i)
    if (!found[i]) results[i].dense = zeros<T>(leaves[i].shape());
  return results;
}

template <class T>
void accumulate_gradients(const Tensor<T>& output, const Array<T>& cotangent,
                          BackwardOptions options) {
  Pass<T> pass(options);
  pass.start(output, cotangent);
  pass.run([](Node<T>& node, Gradient<T>& gradient) {
    if (!node.is_leaf() && !(node.extras && node.extras->retains_grad)) return;
    std::optional<Array<T>>& sum = node.make_extras().grad;
    const Array<T>& dense = gradient.make_dense(node.value.shape());
    if (sum)
      *sum += dense;
    else
      sum = dense;
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
    pass.run([&](Node<T>& node, Gradient<T>& gradient) {
      const auto position = known.find(&node);
      if (position != known.end())
        c.accumulate(position->second, std::move(gradient.make_dense(node.value.shape())));
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
  template std::vector<Gradient<T>> gradients_by_rows(                                      \
      const Tensor<T>&, const std::vector<Tensor<T>>&, BackwardOptions);                    \
  template void accumulate_gradients(const Tensor<T>&, const Array<T>&, BackwardOptions);   \
  template Tensor<T> checkpoint(std::function<Tensor<T>(const std::vector<Tensor<T>>&)>,    \
                                const std::vector<Tensor<T>>&);
BABELGRAD_INSTANTIATE(float)
BABELGRAD_INSTANTIATE(double)

}  // namespace babelgrad
