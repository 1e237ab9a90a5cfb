// Gru: a stack of GRU layers over a sequence, one or both directions, with the names, shapes and
// initial values of PyTorch's nn.GRU, whose state_dict loads unchanged.
#pragma once

#include "babelgrad/nn/recurrent.h"

namespace babelgrad {

template <class T>
struct GruCell {
  using Value = T;
  using State = Tensor<T>;  // [B, H]
  using Weights = GruWeights<T>;
  static constexpr const char* kName = "gru";

  static Weights make(const Scope<T>& scope, const std::string& suffix, std::size_t inputs,
                      std::size_t hidden) {
    return recurrent_weights(scope, suffix, 3, inputs, hidden);
  }
  static RecurrentRun<T, State> sequence(const Tensor<T>& x, const State& initial, const Weights& w,
                                         const IntArray& lengths, Direction direction) {
    return with_final(gru(x, initial, w, lengths, direction), direction);
  }
  static State step(const Tensor<T>& x, const State& state, const Weights& w) {
    return gru_cell(x, state, w);
  }
  static const Tensor<T>& output(const State& state) { return state; }

  static State step(const Tensor<T>& x, const State& state, const Weights& w,
                    const SeePart<T>& see) {
    return recurrence::gru_state(linear(x, w.weight_ih, w.bias_ih),
                                 linear(state, w.weight_hh, w.bias_hh), state, see);
  }
  static std::vector<Tensor<T>> parts(const State& state) { return {state}; }
  static State state_of(const std::vector<Tensor<T>>& parts) { return parts[0]; }
};

template <class T>
using Gru = Recurrent<GruCell<T>>;
template <class T>
using GruResult = RecurrentResult<GruCell<T>>;
using GruOptions = RecurrentOptions;

extern template class Recurrent<GruCell<float>>;
extern template class Recurrent<GruCell<double>>;

}  // namespace babelgrad
