#include "babelgrad/nn/layer_norm_lstm.h"

namespace babelgrad {
namespace {

// input: a step's input side [B, 4H], normalised.
template <class T>
LstmState<T> next_state(const Tensor<T>& input, const LstmState<T>& state,
                        const LayerNormLstmWeights<T>& w, const SeePart<T>& see) {
  const auto read = [&](const Tensor<T>& cell) { return tanh(w.norm_cell(cell)); };
  return recurrence::lstm_state(input + w.norm_hh(linear(state.h, w.weight_hh)), state, see, read);
}

// x [..., E] -> [..., 4H]
template <class T>
Tensor<T> input_side(const Tensor<T>& x, const LayerNormLstmWeights<T>& w) {
  return w.norm_ih(linear(x, w.weight_ih));
}

}  // namespace

template <class T>
LayerNormLstmWeights<T> LayerNormLstmCell<T>::make(const Scope<T>& scope, const std::string& suffix,
                                                   std::size_t inputs, std::size_t hidden) {
  const Initializer uniform = init::uniform(1 / std::sqrt(static_cast<double>(hidden)));
  return {scope.parameter("weight_ih" + suffix, {4 * hidden, inputs}, uniform),
          scope.parameter("weight_hh" + suffix, {4 * hidden, hidden}, uniform),
          LayerNorm<T>(scope / ("norm_ih" + suffix), 4 * hidden),
          LayerNorm<T>(scope / ("norm_hh" + suffix), 4 * hidden),
          LayerNorm<T>(scope / ("norm_cell" + suffix), hidden)};
}

template <class T>
RecurrentRun<T, LstmState<T>> LayerNormLstmCell<T>::sequence(const Tensor<T>& x,
                                                             const LstmState<T>& initial,
                                                             const LayerNormLstmWeights<T>& w,
                                                             const IntArray& lengths,
                                                             Direction direction) {
  return by_steps<LayerNormLstmCell>(
      x, input_side(x, w), initial, w.weight_hh.dim(1), lengths, direction,
      [&](std::size_t, const Tensor<T>& input, const LstmState<T>& state) {
        return next_state<T>(input, state, w, recurrence::kSeeNothing);
      });
}

template <class T>
LstmState<T> LayerNormLstmCell<T>::step(const Tensor<T>& x, const LstmState<T>& state,
                                        const LayerNormLstmWeights<T>& w) {
  return step(x, state, w, recurrence::kSeeNothing);
}

template <class T>
LstmState<T> LayerNormLstmCell<T>::step(const Tensor<T>& x, const LstmState<T>& state,
                                        const LayerNormLstmWeights<T>& w, const SeePart<T>& see) {
  return next_state(input_side(x, w), state, w, see);
}

template struct LayerNormLstmCell<float>;
template struct LayerNormLstmCell<double>;

}  // namespace babelgrad
