// LayerNormLstm: an LSTM whose products are layer-normalised, and its cell before it is read (Ba et
// al. 2016, arXiv 1607.06450, eq. 20 to 22):
//   [i; f; g; o] = LN(W_ih x) + LN(W_hh h)
//   c' = s(f) c + s(i) tanh(g)     h' = s(o) tanh(LN(c'))
// The gates' order is that of PyTorch's nn.LSTM. Composed; over a whole sequence the input side of
// all steps is one product.
#pragma once

#include "babelgrad/nn/layer_norm.h"
#include "babelgrad/nn/lstm.h"

namespace babelgrad {

template <class T>
struct LayerNormLstmWeights {
  Tensor<T> weight_ih;                       // [4H, E]
  Tensor<T> weight_hh;                       // [4H, H]
  LayerNorm<T> norm_ih, norm_hh, norm_cell;  // of 4H, 4H and H
};

template <class T>
struct LayerNormLstmCell {
  using Value = T;
  using State = LstmState<T>;  // h and c, [B, H] each
  using Weights = LayerNormLstmWeights<T>;
  static constexpr const char* kName = "layer_norm_lstm";

  static Weights make(const Scope<T>& scope, const std::string& suffix, std::size_t inputs,
                      std::size_t hidden);
  static RecurrentRun<T, State> sequence(const Tensor<T>& x, const State& initial, const Weights& w,
                                         const IntArray& lengths, Direction direction);
  static State step(const Tensor<T>& x, const State& state, const Weights& w);
  static State step(const Tensor<T>& x, const State& state, const Weights& w,
                    const SeePart<T>& see);
  static const Tensor<T>& output(const State& state) { return state.h; }
  static std::vector<Tensor<T>> parts(const State& state) { return LstmCell<T>::parts(state); }
  static State state_of(const std::vector<Tensor<T>>& parts) {
    return LstmCell<T>::state_of(parts);
  }
};

template <class T>
using LayerNormLstm = Recurrent<LayerNormLstmCell<T>>;

extern template struct LayerNormLstmCell<float>;
extern template struct LayerNormLstmCell<double>;
extern template class Recurrent<LayerNormLstmCell<float>>;
extern template class Recurrent<LayerNormLstmCell<double>>;

}  // namespace babelgrad
