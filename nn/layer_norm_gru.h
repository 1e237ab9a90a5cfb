// LayerNormGru: a stack of GRU layers whose products are normalised (Ba et al. 2016, arXiv
// 1607.06450, supplementary material). LN is LayerNorm, with a gain and a bias of its own each:
//   [r; z] = s(LN(W_i,rz x) + LN(W_h,rz h))     n = tanh(LN(W_in x) + r LN(W_hn h))
//   h' = (1 - z) n + z h
// The gates' order and the sense of z are those of PyTorch's nn.GRU. Composed; over a whole
// sequence the input side of all steps is one product.
#pragma once

#include "babelgrad/nn/layer_norm.h"
#include "babelgrad/nn/recurrent.h"

namespace babelgrad {

template <class T>
struct LayerNormGruWeights {
  Tensor<T> weight_ih;  // [3H, E]
  Tensor<T> weight_hh;  // [3H, H]
  LayerNorm<T> norm_gates_ih, norm_candidate_ih, norm_gates_hh,
      norm_candidate_hh;  // of 2H the gates', of H the candidate's
};

template <class T>
struct LayerNormGruCell {
  using Value = T;
  using State = Tensor<T>;  // [B, H]
  using Weights = LayerNormGruWeights<T>;
  static constexpr const char* kName = "layer_norm_gru";

  static Weights make(const Scope<T>& scope, const std::string& suffix, std::size_t inputs,
                      std::size_t hidden);
  static RecurrentRun<T, State> sequence(const Tensor<T>& x, const State& initial, const Weights& w,
                                         const IntArray& lengths, Direction direction);
  static State step(const Tensor<T>& x, const State& state, const Weights& w);
  static State step(const Tensor<T>& x, const State& state, const Weights& w,
                    const SeePart<T>& see);
  static const Tensor<T>& output(const State& state) { return state; }
  static std::vector<Tensor<T>> parts(const State& state) { return {state}; }
  static State state_of(const std::vector<Tensor<T>>& parts) { return parts[0]; }
};

template <class T>
using LayerNormGru = Recurrent<LayerNormGruCell<T>>;

extern template struct LayerNormGruCell<float>;
extern template struct LayerNormGruCell<double>;
extern template class Recurrent<LayerNormGruCell<float>>;
extern template class Recurrent<LayerNormGruCell<double>>;

}  // namespace babelgrad
