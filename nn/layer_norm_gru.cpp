#include "babelgrad/nn/layer_norm_gru.h"

namespace babelgrad {
namespace {

// [..., 3H], of which the gates and the candidate are normalised each by itself.
template <class T>
Tensor<T> normalized(const Tensor<T>& x, const LayerNorm<T>& gates, const LayerNorm<T>& candidate) {
  const std::vector<Tensor<T>> thirds = chunk(x, 3, -1);
  return cat({gates(cat({thirds[0], thirds[1]}, -1)), candidate(thirds[2])}, -1);
}

// x [..., E] -> [..., 3H]
template <class T>
Tensor<T> input_side(const Tensor<T>& x, const LayerNormGruWeights<T>& w) {
  return normalized(linear(x, w.weight_ih), w.norm_gates_ih, w.norm_candidate_ih);
}

// input: a step's input side [B, 3H]; h [B, H].
template <class T>
Tensor<T> next_state(const Tensor<T>& input, const Tensor<T>& h, const LayerNormGruWeights<T>& w,
                     const SeePart<T>& see) {
  return recurrence::gru_state(
      input, normalized(linear(h, w.weight_hh), w.norm_gates_hh, w.norm_candidate_hh), h, see);
}

}  // namespace

template <class T>
LayerNormGruWeights<T> LayerNormGruCell<T>::make(const Scope<T>& scope, const std::string& suffix,
                                                 std::size_t inputs, std::size_t hidden) {
  const Initializer uniform = init::uniform(1 / std::sqrt(static_cast<double>(hidden)));
  const auto norm = [&](const char* name, std::size_t size) {
    return LayerNorm<T>(scope / (name + suffix), size);
  };
  return {scope.parameter("weight_ih" + suffix, {3 * hidden, inputs}, uniform),
          scope.parameter("weight_hh" + suffix, {3 * hidden, hidden}, uniform),
          norm("norm_gates_ih", 2 * hidden),
          norm("norm_candidate_ih", hidden),
          norm("norm_gates_hh", 2 * hidden),
          norm("norm_candidate_hh", hidden)};
}

template <class T>
RecurrentRun<T, Tensor<T>> LayerNormGruCell<T>::sequence(const Tensor<T>& x,
                                                         const Tensor<T>& initial,
                                                         const LayerNormGruWeights<T>& w,
                                                         const IntArray& lengths,
                                                         Direction direction) {
  return by_steps<LayerNormGruCell>(
      x, input_side(x, w), initial, w.weight_hh.dim(1), lengths, direction,
      [&](std::size_t, const Tensor<T>& input, const Tensor<T>& state) {
        return next_state<T>(input, state, w, recurrence::kSeeNothing);
      });
}

template <class T>
Tensor<T> LayerNormGruCell<T>::step(const Tensor<T>& x, const Tensor<T>& state,
                                    const LayerNormGruWeights<T>& w) {
  return step(x, state, w, recurrence::kSeeNothing);
}

template <class T>
Tensor<T> LayerNormGruCell<T>::step(const Tensor<T>& x, const Tensor<T>& state,
                                    const LayerNormGruWeights<T>& w, const SeePart<T>& see) {
  return next_state(input_side(x, w), state, w, see);
}

template struct LayerNormGruCell<float>;
template struct LayerNormGruCell<double>;

}  // namespace babelgrad
