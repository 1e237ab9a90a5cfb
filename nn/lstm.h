// Lstm: a stack of LSTM layers over a sequence, one or both directions, with the names, shapes and
// initial values of PyTorch's nn.LSTM, whose state_dict loads unchanged.
#pragma once

#include "babelgrad/nn/recurrent.h"

namespace babelgrad {

template <class T>
struct LstmCell {
  using Value = T;
  using State = LstmState<T>;  // h and c, [B, H] each
  using Weights = LstmWeights<T>;
  static constexpr const char* kName = "lstm";

  static Weights make(const Scope<T>& scope, const std::string& suffix, std::size_t inputs,
                      std::size_t hidden) {
    return recurrent_weights(scope, suffix, 4, inputs, hidden);
  }
  static RecurrentRun<T, State> sequence(const Tensor<T>& x, const State& initial, const Weights& w,
                                         const IntArray& lengths, Direction direction) {
    const LstmStates<T> run = lstm(x, initial, w, lengths, direction);
    const RecurrentRun<T, Tensor<T>> h = with_final(run.states, direction);
    return {h.states, {h.final, run.cell}};
  }
  static State step(const Tensor<T>& x, const State& state, const Weights& w) {
    return lstm_cell(x, state, w);
  }
  static const Tensor<T>& output(const State& state) { return state.h; }
  static State step(const Tensor<T>& x, const State& state, const Weights& w,
                    const SeePart<T>& see) {
    return recurrence::lstm_state(
        linear(x, w.weight_ih, w.bias_ih) + linear(state.h, w.weight_hh, w.bias_hh), state, see);
  }
  static std::vector<Tensor<T>> parts(const State& state) { return {state.h, state.c}; }
  static State state_of(const std::vector<Tensor<T>>& parts) { return {parts[0], parts[1]}; }
};

template <class T>
using Lstm = Recurrent<LstmCell<T>>;

extern template class Recurrent<LstmCell<float>>;
extern template class Recurrent<LstmCell<double>>;

}  // namespace babelgrad
