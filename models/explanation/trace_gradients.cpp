// The backward half of trace.h: how much of a word's gradient reaches each part of the trace.
#include <cmath>
#include <unordered_map>

#include "babelgrad/models/explanation/trace.h"

namespace babelgrad {
namespace {

template <class T>
double norm(const Array<T>& array) {
  double sum = 0;
  for (std::size_t i = 0; i < array.size(); ++i) {
    const double x = static_cast<double>(array.data()[i]);
    sum += x * x;
  }
  return std::sqrt(sum);
}

// Nodes, each once, and afterwards the norm of the gradient at each.
template <class T>
class Targets {
 public:
  void add(const Tensor<T>& node) {
    if (index_.emplace(&node.node(), nodes_.size()).second) nodes_.push_back(node);
  }
  void add(const std::vector<Tensor<T>>& nodes) {
    for (const Tensor<T>& node : nodes) add(node);
  }
  void differentiate(const Tensor<T>& output) {
    norms_.clear();
    for (const Array<T>& gradient :
         gradients(output, nodes_, {.retain_graph = true, .allow_unused = true}))
      norms_.push_back(norm(gradient));
  }
  double at(const Tensor<T>& node) const { return norms_[index_.at(&node.node())]; }
  std::vector<double> at(const std::vector<Tensor<T>>& nodes) const {
    std::vector<double> norms;
    for (const Tensor<T>& node : nodes) norms.push_back(at(node));
    return norms;
  }

 private:
  std::unordered_map<const Node<T>*, std::size_t> index_;
  std::vector<Tensor<T>> nodes_;
  std::vector<double> norms_;
};

template <class T>
std::vector<Tensor<T>> states_of(const std::vector<CellTrace<T>>& steps) {
  std::vector<Tensor<T>> states;
  for (const CellTrace<T>& step : steps) states.push_back(step.state());
  return states;
}

}  // namespace

template <class T>
std::vector<GradientNorms> gradient_norms(const Trace<T>& trace) {
  const std::vector<Tensor<T>> forward = states_of(trace.encoder.back().forward);
  const std::vector<Tensor<T>> backward = states_of(trace.encoder.back().backward);
  Targets<T> targets;
  for (const auto& nodes : {trace.source_embeddings, forward, backward, trace.encoder_states})
    targets.add(nodes);
  std::vector<Tensor<T>> states{trace.initial.back()}, words;
  targets.add(states[0]);
  std::vector<GradientNorms> norms;
  for (const StepTrace<T>& step : trace.steps) {
    states.push_back(step.layers.back().state());
    words.push_back(step.embedding);
    for (const Tensor<T>& node : {states.back(), words.back(), step.readout}) targets.add(node);
    if (step.context.defined()) targets.add(step.context);
    targets.differentiate(
        gather(step.log_probabilities, -1, full<std::int32_t>({1, 1}, step.output)));
    GradientNorms n;
    n.readout = targets.at(step.readout);
    n.state = targets.at(states.back());
    if (step.context.defined()) n.context = targets.at(step.context);
    n.encoder_states = targets.at(trace.encoder_states);
    n.encoder_forward = targets.at(forward);
    n.encoder_backward = targets.at(backward);
    n.source_embeddings = targets.at(trace.source_embeddings);
    n.decoder_states = targets.at(states);
    n.target_embeddings = targets.at(words);
    norms.push_back(std::move(n));
  }
  return norms;
}

template std::vector<GradientNorms> gradient_norms(const Trace<float>&);
template std::vector<GradientNorms> gradient_norms(const Trace<double>&);

}  // namespace babelgrad
