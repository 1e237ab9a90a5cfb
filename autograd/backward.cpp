#include "babelgrad/autograd/backward.h"

#include "babelgrad/autograd/broadcast.h"
#include "babelgrad/autograd/inspection/finite.h"
#include "babelgrad/autograd/inspection/profile.h"
#include "babelgrad/autograd/kernels/kernels.h"
#include "babelgrad/autograd/ops/layout.h"
#include "babelgrad/autograd/pass.h"
#include "babelgrad/autograd/vjp.h"

namespace babelgrad {
namespace {

template <class T>
class Visit final : public Vjp<T> {
 public:
  using Gradients = Pass<T, Gradient<T>>;

  Visit(Gradients& pass, Node<T>& node, Array<T> gradient, bool last)
      : Vjp<T>(node, std::move(gradient), last), pass_(pass) {}
  using Vjp<T>::accumulate;

  void accumulate(std::size_t i, Array<T>&& g) override {
    if (!this->wants(i)) return;
    Node<T>& node = this->node_;
    const Shape& shape = this->shape(i);
    if (g.shape() != shape) {
      check_gradient(node, i, g.shape());
      g = sum_to_shape(g, shape).reshaped(shape);
    }
    if (anomaly_enabled()) require_finite_gradient(node, i, g, this->grad);
    auto& slot = pass_.slot(node.inputs[i].node);
    if (slot.filled) {
      Array<T>& sum = slot.gradient.make_dense(shape);
      sum.unshare();
      kernels<T>().add(sum.size(), g.data(), sum.data());
      if (anomaly_enabled()) require_finite_gradient(node, i, sum, this->grad);
    } else {
      slot.gradient.dense = std::move(g);
    }
    slot.filled = true;
  }

  void accumulate_rows(std::size_t i, const IntArray& indices, const Array<T>& values) override {
    if (!this->wants(i)) return;
    const std::string op = std::string("backward of ") + this->node_.op;
    const Shape& table = this->shape(i);
    if (table.size() != 2 || values.size() != indices.size() * table[1])
      throw_shape_error(
          op, "need values of [indices, E] for a table [V, E]",
          {{"table", table}, {"indices", indices.shape()}, {"values", values.shape()}});
    if (anomaly_enabled()) require_finite_gradient(this->node_, i, values, this->grad);
    RowGradient<T> sum = sum_by_row(indices, values);
    if (!sum.rows.empty() &&
        (sum.rows.front() < 0 || static_cast<std::size_t>(sum.rows.back()) >= table[0]))
      throw ShapeError(op + ": need rows in [0, " + std::to_string(table[0]) + "); got " +
                       std::to_string(sum.rows.front()) + " to " + std::to_string(sum.rows.back()));
    auto& slot = pass_.slot(this->node_.inputs[i].node);
    if (!slot.filled) {
      slot.gradient.by_rows = std::move(sum);
    } else if (slot.gradient.by_rows) {
      add_rows(sum, *slot.gradient.by_rows);
    } else {
      slot.gradient.dense.unshare();
      add_rows(sum, slot.gradient.dense);
    }
    slot.filled = true;
  }

  GradientBuffer<T> buffer(std::size_t i) override {
    if (!this->wants(i))
      throw GraphError(std::string("backward of ") + this->node_.op + ": input " +
                       std::to_string(i) + " wants no gradient");
    auto& slot = pass_.slot(this->node_.inputs[i].node);
    const bool filled = std::exchange(slot.filled, true);
    Array<T>& dense = slot.gradient.make_dense(this->shape(i));
    if (filled)
      dense.unshare();
    else
      dense = uninitialized<T>(this->shape(i));
    if (anomaly_enabled()) written_.push_back(i);
    return {dense.data(), filled ? T(1) : T(0)};
  }

  void check_written_buffers(const Array<T>& gradient) {
    for (std::size_t i : written_)
      require_finite_gradient(this->node_, i, pass_.slot(this->node_.inputs[i].node).gradient.dense,
                              gradient);
  }

 private:
  Gradients& pass_;
  std::vector<std::size_t> written_;  // while anomalies are looked for
};

// Frees the history of a visited node, also if its VJP throws: what it saved may be used up.
template <class T>
struct Release {
  Node<T>& node;
  bool retain;
  ~Release() {
    if (retain) return;
    node.vjp.reset();
    node.inputs.clear();
    node.released = true;
  }
};

template <class T>
void replace_by_hook(const GradientHook<T>& hook, const Node<T>& node, Array<T>& grad) {
  std::optional<Array<T>> replacement = hook(grad);
  if (!replacement) return;
  if (replacement->shape() != node.value.shape())
    throw_shape_error(std::string("hook on ") + node.op, "need a gradient of the tensor's shape",
                      {{"tensor", node.value.shape()}, {"gradient", replacement->shape()}});
  grad = std::move(*replacement);
}

// Visits every node below `output`; on_complete(node, gradient) once for each, leaves included.
template <class T, class Function>
void walk_back(const Tensor<T>& output, const Array<T>& cotangent, BackwardOptions options,
               Function on_complete) {
  using Gradients = Pass<T, Gradient<T>>;
  check_start(output, cotangent.shape());
  const ModesGuard modes(differentiable_modes());
  Gradients pass;
  auto& first = pass.slot(output.node_pointer());
  first.gradient.dense = cotangent.alias();
  first.filled = true;
  pass.run([&](typename Gradients::Slot& slot) {
    Node<T>& node = *slot.node;
    Gradient<T>& gradient = slot.gradient;
    if (node.vjp) gradient.make_dense(node.value.shape());
    if (node.extras)
      for (const auto hooks = node.extras->hooks; const GradientHook<T>& hook : hooks)
        replace_by_hook(hook, node, gradient.make_dense(node.value.shape()));
    on_complete(node, gradient);
    check_history(node);
    if (!node.vjp) return;
    const Release<T> release{node, options.retain_graph};
    const Array<T> kept = anomaly_enabled() ? gradient.dense.alias() : Array<T>();
    Visit<T> visit(pass, node, std::move(gradient.dense), !options.retain_graph);
    {
      const ProfileScope profile(node.op, Phase::backward, node.id);
      node.vjp(static_cast<Vjp<T>&>(visit));
    }
    visit.check_written_buffers(kept);
  });
}

// Moves on a gradient that is complete: a copy where the pass still needs it, or somebody shares
// its elements.
template <class T>
Array<T> handed_out(const Node<T>& node, Array<T>& dense) {
  return node.vjp || dense.is_shared() ? Array<T>(dense) : std::move(dense);
}

// on_complete(i, node, gradient) for each of the leaves that the output depends on; returns which
// they are.
template <class T, class Function>
std::vector<bool> differentiate(const Tensor<T>& output, const Array<T>& cotangent,
                                const std::vector<Tensor<T>>& leaves, BackwardOptions options,
                                Function on_complete) {
  const auto wanted = index_leaves(leaves);
  std::vector<bool> found(leaves.size(), false);
  walk_back(output, cotangent, options, [&](Node<T>& node, Gradient<T>& gradient) {
    const auto position = wanted.find(&node);
    if (position == wanted.end()) return;
    found[position->second] = true;
    on_complete(position->second, node, gradient);
  });
  if (!options.allow_unused) require_used(leaves, found);
  return found;
}

}  // namespace

template <class T>
std::vector<Array<T>> gradients(const Tensor<T>& loss,
                                const std::type_identity_t<std::vector<Tensor<T>>>& leaves,
                                BackwardOptions options) {
  return gradients(loss, unit_cotangent(loss), leaves, options);
}

template <class T>
std::vector<Array<T>> gradients(const Tensor<T>& output, const Array<T>& cotangent,
                                const std::type_identity_t<std::vector<Tensor<T>>>& leaves,
                                BackwardOptions options) {
  std::vector<Array<T>> results(leaves.size());
  const std::vector<bool> found = differentiate(
      output, cotangent, leaves, options, [&](std::size_t i, Node<T>& node, Gradient<T>& gradient) {
        results[i] = handed_out(node, gradient.make_dense(node.value.shape()));
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
                      if (gradient.by_rows)
                        results[i].by_rows = std::move(gradient.by_rows);
                      else
                        results[i].dense = handed_out(node, gradient.dense);
                    });
  for (std::size_t i = 0; i < leaves.size(); ++i)
    if (!found[i]) results[i].dense = zeros<T>(leaves[i].shape());
  return results;
}

template <class T>
void accumulate_gradients(const Tensor<T>& output, const Array<T>& cotangent,
                          BackwardOptions options) {
  walk_back(output, cotangent, options, [](Node<T>& node, Gradient<T>& gradient) {
    if (!node.is_leaf() && !(node.extras && node.extras->retains_grad)) return;
    std::optional<Array<T>>& sum = node.make_extras().grad;
    Array<T>& dense = gradient.make_dense(node.value.shape());
    if (sum)
      kernels<T>().add(sum->size(), dense.data(), sum->data());
    else
      sum = handed_out(node, dense);
  });
}

template <class T>
void differentiate_definition(Vjp<T>& c, const Definition<T>& definition) {
  const EnableGrad enable_grad;
  std::vector<Tensor<T>> copies;
  for (std::size_t i = 0; i < c.inputs(); ++i)
    copies.push_back(c.wants(i) ? Tensor<T>(c.in(i).alias(), kRequiresGrad)
                                : Tensor<T>(c.in(i).alias()));
  const Tensor<T> output = definition(copies);
  if (!output.requires_grad()) return;
  const auto known = index_leaves(copies);
  walk_back(output, c.grad, {}, [&](Node<T>& node, Gradient<T>& gradient) {
    const auto position = known.find(&node);
    if (position != known.end())
      c.accumulate(position->second, handed_out(node, gradient.make_dense(node.value.shape())));
    else if (node.is_leaf())
      throw GraphError(std::string(c.op()) +
                       ": the function differentiates through a tensor of shape " +
                       to_string(node.value.shape()) + " that is not among its inputs");
  });
}

template <class T>
Tensor<T> checkpoint(std::type_identity_t<Definition<T>> fn, const std::vector<Tensor<T>>& inputs) {
  const ProfileScope profile("checkpoint");
  Array<T> value;
  {
    const ModesGuard modes(grad_enabled() ? differentiable_modes() : thread_modes());
    const NoGrad no_grad;
    value = fn(inputs).value().alias();
  }
  return record_defined<T>("checkpoint", inputs, std::move(value), std::move(fn));
}

#define BABELGRAD_INSTANTIATE(T)                                                            \
  template std::vector<Array<T>> gradients(const Tensor<T>&, const std::vector<Tensor<T>>&, \
                                           BackwardOptions);                                \
  template std::vector<Array<T>> gradients(const Tensor<T>&, const Array<T>&,               \
                                           const std::vector<Tensor<T>>&, BackwardOptions); \
  template std::vector<Gradient<T>> gradients_by_rows(                                      \
      const Tensor<T>&, const std::vector<Tensor<T>>&, BackwardOptions);                    \
  template void accumulate_gradients(const Tensor<T>&, const Array<T>&, BackwardOptions);   \
  template void differentiate_definition(Vjp<T>&, const Definition<T>&);                    \
  template Tensor<T> checkpoint(Definition<T>, const std::vector<Tensor<T>>&);
BABELGRAD_INSTANTIATE(float)
BABELGRAD_INSTANTIATE(double)
#undef BABELGRAD_INSTANTIATE

}  // namespace babelgrad
