// Recurrent<Cell>: a stack of recurrent layers over a sequence, one or both directions, as
// PyTorch's nn.RNNBase. What a cell is, gru.h, lstm.h, rnn.h and layer_norm_gru.h say:
//
//   struct MyCell {
//     using Value = float;
//     using State = ...;    // what a step hands to the next; default-made: undefined, zeros
//     using Weights = ...;  // of one layer and direction
//     static constexpr const char* kName = "my_cell";  // in messages
//     static Weights make(const Scope<Value>&, const std::string& suffix, std::size_t inputs,
//                         std::size_t hidden);
//     static RecurrentRun<Value, State> sequence(const Tensor<Value>& x, const State& initial,
//                                                const Weights&, const IntArray& lengths,
//                                                Direction);
//     static State step(const Tensor<Value>& x, const State&, const Weights&);
//     static Tensor<Value> output(const State&);  // [B, H]
//   };
#pragma once

#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

#include "babelgrad/nn/dropout.h"

namespace babelgrad {

struct RecurrentOptions {
  std::size_t input_size = 0;
  std::size_t hidden_size = 0;
  std::size_t layers = 1;
  bool bidirectional = false;
  double dropout = 0;  // on the input of every layer but the first
};

// One layer in one direction: states [T, B, H] and the state after its last step.
template <class T, class State>
struct RecurrentRun {
  Tensor<T> states;
  State final;
};

template <class Cell>
struct RecurrentResult {
  Tensor<typename Cell::Value> states;  // [T, B, D H] of the last layer; D = 2 if bidirectional
  // Each [B, H]: layer 0 forward, layer 0 reverse, layer 1 forward ...
  std::vector<typename Cell::State> final;
};

template <class Cell>
class Recurrent {
 public:
  using T = typename Cell::Value;
  using State = typename Cell::State;
  using Weights = typename Cell::Weights;

  // Names end as PyTorch's do: _l0, _l0_reverse, _l1 ...
  Recurrent(const Scope<T>& scope, const RecurrentOptions& options);

  // x [T, B, input_size]; lengths [B] or not given (all T). initial: as `final`, or empty (zeros).
  RecurrentResult<Cell> operator()(const Tensor<T>& x, const IntArray& lengths, const Mode& mode,
                                   const std::vector<State>& initial = {}) const {
    return run(x, lengths, mode, initial,
               [](std::size_t, Direction direction, const Tensor<T>& input, const State& state,
                  const Weights& w,
                  const IntArray& n) { return Cell::sequence(input, state, w, n, direction); });
  }
  // One time step of a one-directional stack: x [B, input_size], one state a layer.
  std::vector<State> step(const Tensor<T>& x, const std::vector<State>& states, const Mode& mode,
                          std::size_t time) const {
    return step(x, states, mode, time,
                [](std::size_t, const Tensor<T>& input, const State& state, const Weights& w) {
                  return Cell::step(input, state, w);
                });
  }

  // operator() with a function in the place of Cell::sequence:
  //   sequence(layer, direction, input, initial state, weights, lengths) -> RecurrentRun
  template <class Sequence>
  RecurrentResult<Cell> run(const Tensor<T>& x, const IntArray& lengths, const Mode& mode,
                            const std::vector<State>& initial, const Sequence& sequence) const;
  // step() with a function in the place of Cell::step:
  //   cell_step(layer, input, state, weights) -> State
  template <class CellStep>
  std::vector<State> step(const Tensor<T>& x, const std::vector<State>& states, const Mode& mode,
                          std::size_t time, const CellStep& cell_step) const;

  const RecurrentOptions& options() const { return options_; }
  const Weights& weights(std::size_t i) const { return weights_.at(i); }  // as `final`

 private:
  std::size_t directions() const { return options_.bidirectional ? 2 : 1; }

  RecurrentOptions options_;
  std::vector<Weights> weights_;  // in the order of `final`
  Dropout<T> dropout_;
};

// The parameters of a layer of so many gates with PyTorch's initial values: uniform within
// 1 / sqrt(H).
template <class T>
RecurrentWeights<T> recurrent_weights(const Scope<T>& scope, const std::string& suffix,
                                      std::size_t gates, std::size_t inputs, std::size_t hidden) {
  const Initializer uniform = init::uniform(1 / std::sqrt(static_cast<double>(hidden)));
  const std::size_t G = gates * hidden;
  return {scope.parameter("weight_ih" + suffix, {G, inputs}, uniform),
          scope.parameter("weight_hh" + suffix, {G, hidden}, uniform),
          scope.parameter("bias_ih" + suffix, {G}, uniform),
          scope.parameter("bias_hh" + suffix, {G}, uniform)};
}

// The state after the last step of a layer whose states [T, B, H] are all that it keeps.
template <class T>
RecurrentRun<T, Tensor<T>> with_final(Tensor<T> states, Direction direction) {
  Tensor<T> final = states[direction == Direction::reverse ? 0 : -1];
  return {std::move(states), std::move(final)};
}

template <class Cell>
Recurrent<Cell>::Recurrent(const Scope<T>& scope, const RecurrentOptions& options)
    : options_(options), dropout_(scope / "dropout", options.dropout) {
  const std::size_t H = options.hidden_size;
  for (std::size_t layer = 0; layer < options.layers; ++layer)
    for (std::size_t direction = 0; direction < directions(); ++direction)
      weights_.push_back(
          Cell::make(scope, "_l" + std::to_string(layer) + (direction == 1 ? "_reverse" : ""),
                     layer == 0 ? options.input_size : directions() * H, H));
}

template <class Cell>
template <class Sequence>
RecurrentResult<Cell> Recurrent<Cell>::run(const Tensor<T>& x, const IntArray& lengths,
                                           const Mode& mode, const std::vector<State>& initial,
                                           const Sequence& sequence) const {
  if (!initial.empty() && initial.size() != weights_.size())
    throw std::invalid_argument(std::string(Cell::kName) + ": need " +
                                std::to_string(weights_.size()) + " initial states; got " +
                                std::to_string(initial.size()));
  RecurrentResult<Cell> result;
  result.states = x;
  for (std::size_t layer = 0; layer < options_.layers; ++layer) {
    const Tensor<T> input = layer == 0 ? x : dropout_(result.states, mode, layer);
    std::vector<Tensor<T>> both;
    for (std::size_t direction = 0; direction < directions(); ++direction) {
      const std::size_t i = layer * directions() + direction;
      RecurrentRun<T, State> one =
          sequence(layer, direction == 1 ? Direction::reverse : Direction::forward, input,
                   initial.empty() ? State() : initial[i], weights_[i], lengths);
      both.push_back(std::move(one.states));
      result.final.push_back(std::move(one.final));
    }
    result.states = both.size() == 1 ? both[0] : cat(both, 2);
  }
  return result;
}

template <class Cell>
template <class CellStep>
std::vector<typename Cell::State> Recurrent<Cell>::step(const Tensor<T>& x,
                                                        const std::vector<State>& states,
                                                        const Mode& mode, std::size_t time,
                                                        const CellStep& cell_step) const {
  if (options_.bidirectional || states.size() != options_.layers)
    throw std::invalid_argument(std::string(Cell::kName) + ": a step needs one direction and " +
                                std::to_string(options_.layers) + " states; got " +
                                std::to_string(states.size()));
  std::vector<State> next;
  for (std::size_t layer = 0; layer < options_.layers; ++layer) {
    const Tensor<T> input =
        layer == 0 ? x : dropout_(Cell::output(next.back()), mode.at_time(time), layer);
    next.push_back(cell_step(layer, input, states[layer], weights_[layer]));
  }
  return next;
}

}  // namespace babelgrad
