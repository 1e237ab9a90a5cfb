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
//
// A cell whose parts can be looked at has besides: its weights' `weight_hh` [*, H], and
//     static State step(const Tensor<Value>& x, const State&, const Weights&, const SeePart<T>&);
//     static std::vector<Tensor<Value>> parts(const State&);  // the output first
//     static State state_of(const std::vector<Tensor<Value>>& parts);
#pragma once

#include <cmath>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "babelgrad/autograd/ops/recurrence.h"
#include "babelgrad/nn/dropout.h"

namespace babelgrad {

struct RecurrentOptions {
  std::size_t input_size = 0;
  std::size_t hidden_size = 0;
  std::size_t layers = 1;
  bool bidirectional = false;
  double dropout = 0;     // on the input of every layer but the first
  bool residual = false;  // every layer but the first adds its input to its output
  // Of a unit's way into the next step, the same at all steps of a batch (variational dropout: Gal
  // and Ghahramani 2016, with a mask for the batch).
  double recurrent_dropout = 0;
  Direction direction = Direction::forward;  // of a stack with one; names stay those of forward
};

// Told of a part [B, H] of a step; returns what the step goes on with.
template <class T>
using SeePart = std::function<Tensor<T>(CellPart part, const Tensor<T>& x)>;

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

// What a layer hands on where it adds its input, as it is.
struct SumAsItIs {
  template <class T>
  Tensor<T> operator()(std::size_t /*layer*/, const Tensor<T>& sum) const {
    return sum;
  }
};

// One time step: of the last layer its output [B, H], and of each layer its state.
template <class Cell>
struct RecurrentStep {
  Tensor<typename Cell::Value> output;
  std::vector<typename Cell::State> states;
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
  RecurrentStep<Cell> step(const Tensor<T>& x, const std::vector<State>& states, const Mode& mode,
                           std::size_t time) const {
    return step(x, states, mode, time,
                [](std::size_t, const Tensor<T>& input, const State& state, const Weights& w) {
                  return Cell::step(input, state, w);
                });
  }

  // operator() with a function in the place of Cell::sequence:
  //   sequence(layer, direction, input, initial state, weights, lengths) -> RecurrentRun
  // see_sum(layer, x [T, B, D H]) is told of what a layer that adds its input hands on, and returns
  // what the run goes on with.
  template <class Sequence, class SeeSum = SumAsItIs>
  RecurrentResult<Cell> run(const Tensor<T>& x, const IntArray& lengths, const Mode& mode,
                            const std::vector<State>& initial, const Sequence& sequence,
                            const SeeSum& see_sum = {}) const;
  // step() with a function in the place of Cell::step:
  //   cell_step(layer, input, state, weights) -> State
  // see_sum(layer, x [B, H]) as of run().
  template <class CellStep, class SeeSum = SumAsItIs>
  RecurrentStep<Cell> step(const Tensor<T>& x, const std::vector<State>& states, const Mode& mode,
                           std::size_t time, const CellStep& cell_step,
                           const SeeSum& see_sum = {}) const;

  // The same layers with what this step of a training drops of their recurrent weights, once and
  // for all of a sequence that runs step by step.
  Recurrent dropped(const Mode& mode) const {
    Recurrent layers = *this;
    for (std::size_t i = 0; i < weights_.size(); ++i) layers.weights_[i] = weights(i, mode);
    if (mode.is_training()) layers.options_.recurrent_dropout = 0;
    return layers;
  }

  const RecurrentOptions& options() const { return options_; }
  // Number i in the order of `final`, as they are at this step of a training.
  Weights weights(std::size_t i, const Mode& mode = kEvaluation) const;

 private:
  std::size_t directions() const { return options_.bidirectional ? 2 : 1; }

  RecurrentOptions options_;
  std::vector<Weights> weights_;  // in the order of `final`
  Dropout<T> dropout_, recurrent_dropout_;
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
    : options_(options),
      dropout_(scope / "dropout", options.dropout),
      recurrent_dropout_(scope / "recurrent_dropout", options.recurrent_dropout,
                         DropoutKind::variational) {
  const std::size_t H = options.hidden_size;
  for (std::size_t layer = 0; layer < options.layers; ++layer)
    for (std::size_t direction = 0; direction < directions(); ++direction)
      weights_.push_back(
          Cell::make(scope, "_l" + std::to_string(layer) + (direction == 1 ? "_reverse" : ""),
                     layer == 0 ? options.input_size : directions() * H, H));
}

template <class Cell>
typename Cell::Weights Recurrent<Cell>::weights(std::size_t i, const Mode& mode) const {
  Weights w = weights_.at(i);
  if (options_.recurrent_dropout == 0 || !mode.is_training()) return w;
  const std::size_t H = options_.hidden_size;
  const Tensor<T> ones(full<T>(mode.time() ? Shape{1, H} : Shape{1, 1, H}, 1));
  w.weight_hh = w.weight_hh * reshape(recurrent_dropout_(ones, mode, i), {H});
  return w;
}

template <class Cell>
template <class Sequence, class SeeSum>
RecurrentResult<Cell> Recurrent<Cell>::run(const Tensor<T>& x, const IntArray& lengths,
                                           const Mode& mode, const std::vector<State>& initial,
                                           const Sequence& sequence, const SeeSum& see_sum) const {
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
          sequence(layer, direction == 1 ? Direction::reverse : options_.direction, input,
                   initial.empty() ? State() : initial[i], weights(i, mode), lengths);
      both.push_back(std::move(one.states));
      result.final.push_back(std::move(one.final));
    }
    const Tensor<T> states = both.size() == 1 ? both[0] : cat(both, 2);
    result.states =
        options_.residual && layer > 0 ? see_sum(layer, result.states + states) : states;
  }
  return result;
}

template <class Cell>
template <class CellStep, class SeeSum>
RecurrentStep<Cell> Recurrent<Cell>::step(const Tensor<T>& x, const std::vector<State>& states,
                                          const Mode& mode, std::size_t time,
                                          const CellStep& cell_step, const SeeSum& see_sum) const {
  if (options_.bidirectional || states.size() != options_.layers)
    throw std::invalid_argument(std::string(Cell::kName) + ": a step needs one direction and " +
                                std::to_string(options_.layers) + " states; got " +
                                std::to_string(states.size()));
  const Mode now = mode.at_time(time);
  RecurrentStep<Cell> next{x, {}};
  for (std::size_t layer = 0; layer < options_.layers; ++layer) {
    const Tensor<T> input = layer == 0 ? x : dropout_(next.output, now, layer);
    next.states.push_back(cell_step(layer, input, states[layer], weights(layer, now)));
    const Tensor<T> output = Cell::output(next.states.back());
    next.output = options_.residual && layer > 0 ? see_sum(layer, next.output + output) : output;
  }
  return next;
}

// A sequence by its steps: step(t, input, state) -> the next state, of time step t. inputs [T, B,
// *]: what the steps read of x [T, B, E].
template <class Cell, class Step>
RecurrentRun<typename Cell::Value, typename Cell::State> by_steps(
    const Tensor<typename Cell::Value>& x, const Tensor<typename Cell::Value>& inputs,
    const typename Cell::State& initial, std::size_t hidden, const IntArray& lengths,
    Direction direction, const Step& step) {
  using T = typename Cell::Value;
  std::vector<Tensor<T>> states = Cell::parts(initial);
  const recurrence::Sequence q =
      recurrence::sequence_of(Cell::kName, x, hidden, states, lengths, direction);
  for (Tensor<T>& state : states) state = recurrence::or_zeros(state, q);
  std::size_t taken = 0;
  recurrence::Fold<T> run =
      recurrence::fold(q, inputs, std::move(states),
                       [&](const Tensor<T>& input, const std::vector<Tensor<T>>& before) {
                         return Cell::parts(step(q.time(taken++), input, Cell::state_of(before)));
                       });
  return {std::move(run.states), Cell::state_of(run.final)};
}

// Cell::sequence as it is defined. see(t, part, x) is told of each part [B, H] of time step t and
// returns what the run goes on with.
template <class Cell, class See>
RecurrentRun<typename Cell::Value, typename Cell::State> stepwise(
    const Tensor<typename Cell::Value>& x, const typename Cell::State& initial,
    const typename Cell::Weights& weights, const IntArray& lengths, Direction direction,
    const See& see) {
  using T = typename Cell::Value;
  return by_steps<Cell>(x, x, initial, weights.weight_hh.dim(1), lengths, direction,
                        [&](std::size_t t, const Tensor<T>& input, const auto& state) {
                          return Cell::step(input, state, weights,
                                            [&](CellPart part, const Tensor<T>& value) {
                                              return see(t, part, value);
                                            });
                        });
}

}  // namespace babelgrad
