// Rnn: a stack of plain recurrent layers (tanh; Elman 1990), one or both directions, with the
// names, shapes and initial values of PyTorch's nn.RNN, whose state_dict loads unchanged.
#pragma once

#include "babelgrad/nn/recurrent.h"

namespace babelgrad {

template <class T>
struct RnnCell {
  using Value = T;
  using State = Tensor<T>;  // [B, H]
  using Weights = RnnWeights<T>;
  static constexpr const char* kName = "rnn";

  static Weights make(const Scope<T>& scope, const std::string& suffix, std::size_t inputs,
                      std::size_t hidden) {
    return recurrent_weights(scope, suffix, 1, inputs, hidden);
  }
  static RecurrentRun<T, State> sequence(const Tensor<T>& x, const State& initial, const Weights& w,
                                         const IntArray& lengths, Direction direction) {
    return with_final(rnn(x, initial, w, lengths, direction), direction);
  }
  static State step(const Tensor<T>& x, const State& state, const Weights& w) {
    return rnn_cell(x, state, w);
  }
  static const Tensor<T>& output(const State& state) { return state; }
};

template <class T>
using Rnn = Recurrent<RnnCell<T>>;

extern template class Recurrent<RnnCell<float>>;
extern template class Recurrent<RnnCell<double>>;

}  // namespace babelgrad
