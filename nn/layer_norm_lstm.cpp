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
  const recurrence::Sequence q = recurrence::sequence_of(
      kName, x, w.weight_hh.dim(1), {initial.h, initial.c}, lengths, direction);
  const auto step = [&](const Tensor<T>& input, const std::vector<Tensor<T>>& state) {
    return parts(next_state<T>(input, state_of(state), w, recurrence::kSeeNothing));
  };
  recurrence::Fold<T> run = recurrence::fold(
      q, input_side(x, w), {recurrence::or_zeros(initial.h, q), recurrence::or_zeros(initial.c, q)},
      step);
  return {std::move(run.states), state_of(run.final)};
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
