// RecurrentStack: the recurrent layers of an encoder or a decoder, of the cell that the
// configuration names, with its way of looking at every part of every step.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "babelgrad/models/config/config.h"
#include "babelgrad/models/seq2seq/tap.h"
#include "babelgrad/nn/recurrent.h"

namespace babelgrad {

// What a layer hands to its next step, [B, H] each: its output, then what else its cell keeps.
template <class T>
using LayerState = std::vector<Tensor<T>>;

template <class T>
class RecurrentStack {
 public:
  // Told of each part [B, H] of each step; returns what the run goes on with.
  using See = std::function<Tensor<T>(const Place&, const Tensor<T>&)>;
  // Told of what a layer that adds its input (residual) hands on, [T, B, D H] or of a step [B, H];
  // returns what the run goes on with.
  using SeeSum = std::function<Tensor<T>(std::size_t layer, const Tensor<T>&)>;
  struct Run {
    Tensor<T> states;                  // [T, B, D H], D directions
    std::vector<LayerState<T>> final;  // layer 0 forward, layer 0 reverse, layer 1 forward ...
  };
  struct Step {
    Tensor<T> output;                   // [B, H]
    std::vector<LayerState<T>> states;  // one a layer
  };

  // Parameters are under scope / "gru" or scope / "lstm".
  RecurrentStack(const Scope<T>& scope, const Seq2SeqConfig& config,
                 const RecurrentOptions& options);

  // x [T, B, E], lengths [B] or not given. With `see`, by the steps that a fused op stands for;
  // `see_sum` is called beside it alone.
  Run operator()(const Tensor<T>& x, const IntArray& lengths, const Mode& mode,
                 const std::vector<LayerState<T>>& initial = {}, const See& see = {},
                 const SeeSum& see_sum = SumAsItIs()) const;
  // x [B, E], of time step `time`, in one direction
  Step step(const Tensor<T>& x, const std::vector<LayerState<T>>& states, const Mode& mode,
            std::size_t time, const See& see = {}, const SeeSum& see_sum = SumAsItIs()) const;

  // With what this step of a training drops of the recurrent weights (Recurrent::dropped).
  RecurrentStack dropped(const Mode& mode) const;

  const RecurrentOptions& options() const;
  // The weights of layer 0 if it is a plain GRU, else none: for attention_gru.
  std::optional<GruWeights<T>> gru_weights(const Mode& mode) const;

  class Implementation;

 private:
  explicit RecurrentStack(std::shared_ptr<const Implementation> implementation)
      : implementation_(std::move(implementation)) {}

  std::shared_ptr<const Implementation> implementation_;
};

// The tensors of a layer's state: the output alone, or of an LSTM the cell, too.
std::vector<CellPart> state_parts(const Seq2SeqConfig& config);

extern template class RecurrentStack<float>;
extern template class RecurrentStack<double>;

}  // namespace babelgrad
