#include "babelgrad/models/seq2seq/recurrent_stack.h"

#include "babelgrad/models/config/config_fields.h"
#include "babelgrad/nn/gru.h"
#include "babelgrad/nn/layer_norm_gru.h"
#include "babelgrad/nn/layer_norm_lstm.h"
#include "babelgrad/nn/lstm.h"

namespace babelgrad {

template <class T>
class RecurrentStack<T>::Implementation {
 public:
  virtual ~Implementation() = default;
  virtual Run run(const Tensor<T>& x, const IntArray& lengths, const Mode& mode,
                  const std::vector<LayerState<T>>& initial, const See& see,
                  const SeeSum& see_sum) const = 0;
  virtual Step step(const Tensor<T>& x, const std::vector<LayerState<T>>& states, const Mode& mode,
                    std::size_t time, const See& see, const SeeSum& see_sum) const = 0;
  virtual std::shared_ptr<const Implementation> dropped(const Mode& mode) const = 0;
  virtual const RecurrentOptions& options() const = 0;
  virtual std::optional<GruWeights<T>> gru_weights(const Mode& mode) const = 0;
};

namespace {

template <class Cell>
class StackOf : public RecurrentStack<typename Cell::Value>::Implementation {
  using T = typename Cell::Value;
  using Stack = RecurrentStack<T>;
  using State = typename Cell::State;

 public:
  StackOf(const Scope<T>& scope, const RecurrentOptions& options) : layers_(scope, options) {}
  explicit StackOf(Recurrent<Cell> layers) : layers_(std::move(layers)) {}

  typename Stack::Run run(const Tensor<T>& x, const IntArray& lengths, const Mode& mode,
                          const std::vector<LayerState<T>>& initial, const typename Stack::See& see,
                          const typename Stack::SeeSum& see_sum) const override {
    RecurrentResult<Cell> result;
    if (see) {
      const auto sequence = [&see](std::size_t layer, Direction direction, const Tensor<T>& input,
                                   const State& state, const typename Cell::Weights& weights,
                                   const IntArray& n) {
        return stepwise<Cell>(input, state, weights, n, direction,
                              [&](std::size_t t, CellPart part, const Tensor<T>& value) {
                                return see({t, layer, part, direction}, value);
                              });
      };
      result = layers_.run(x, lengths, mode, from_parts(initial), sequence, see_sum);
    } else {
      result = layers_(x, lengths, mode, from_parts(initial));
    }
    return {result.states, to_parts(result.final)};
  }

  typename Stack::Step step(const Tensor<T>& x, const std::vector<LayerState<T>>& states,
                            const Mode& mode, std::size_t time, const typename Stack::See& see,
                            const typename Stack::SeeSum& see_sum) const override {
    RecurrentStep<Cell> next;
    if (see) {
      const auto cell_step = [&](std::size_t layer, const Tensor<T>& input, const State& state,
                                 const typename Cell::Weights& weights) {
        return Cell::step(input, state, weights, [&](CellPart part, const Tensor<T>& value) {
          return see({time, layer, part}, value);
        });
      };
      next = layers_.step(x, from_parts(states), mode, time, cell_step, see_sum);
    } else {
      next = layers_.step(x, from_parts(states), mode, time);
    }
    return {next.output, to_parts(next.states)};
  }

  std::shared_ptr<const typename Stack::Implementation> dropped(const Mode& mode) const override {
    return std::make_shared<StackOf>(layers_.dropped(mode));
  }
  const RecurrentOptions& options() const override { return layers_.options(); }
  std::optional<GruWeights<T>> gru_weights(const Mode& mode) const override {
    if constexpr (std::is_same_v<Cell, GruCell<T>>) return layers_.weights(0, mode);
    return std::nullopt;
  }

 private:
  static std::vector<State> from_parts(const std::vector<LayerState<T>>& layers) {
    std::vector<State> states;
    for (const LayerState<T>& layer : layers) states.push_back(Cell::state_of(layer));
    return states;
  }
  static std::vector<LayerState<T>> to_parts(const std::vector<State>& states) {
    std::vector<LayerState<T>> layers;
    for (const State& state : states) layers.push_back(Cell::parts(state));
    return layers;
  }

  Recurrent<Cell> layers_;
};

template <class T>
std::shared_ptr<const typename RecurrentStack<T>::Implementation> make(
    const Scope<T>& root, const Seq2SeqConfig& c, const RecurrentOptions& options) {
  const Scope<T> scope = root / name_of(kCellNames, c.cell);
  switch (c.cell) {
    case CellKind::lstm:
      if (c.layer_norm) return std::make_shared<StackOf<LayerNormLstmCell<T>>>(scope, options);
      return std::make_shared<StackOf<LstmCell<T>>>(scope, options);
    case CellKind::gru:
      break;
  }
  if (c.layer_norm) return std::make_shared<StackOf<LayerNormGruCell<T>>>(scope, options);
  return std::make_shared<StackOf<GruCell<T>>>(scope, options);
}

}  // namespace

std::vector<CellPart> state_parts(const Seq2SeqConfig& c) {
  if (c.cell == CellKind::lstm) return {CellPart::state, CellPart::cell};
  return {CellPart::state};
}

template <class T>
RecurrentStack<T>::RecurrentStack(const Scope<T>& scope, const Seq2SeqConfig& config,
                                  const RecurrentOptions& options)
    : implementation_(make(scope, config, options)) {}

template <class T>
typename RecurrentStack<T>::Run RecurrentStack<T>::operator()(
    const Tensor<T>& x, const IntArray& lengths, const Mode& mode,
    const std::vector<LayerState<T>>& initial, const See& see, const SeeSum& see_sum) const {
  return implementation_->run(x, lengths, mode, initial, see, see_sum);
}

template <class T>
typename RecurrentStack<T>::Step RecurrentStack<T>::step(const Tensor<T>& x,
                                                         const std::vector<LayerState<T>>& states,
                                                         const Mode& mode, std::size_t time,
                                                         const See& see,
                                                         const SeeSum& see_sum) const {
  return implementation_->step(x, states, mode, time, see, see_sum);
}

template <class T>
RecurrentStack<T> RecurrentStack<T>::dropped(const Mode& mode) const {
  return RecurrentStack(implementation_->dropped(mode));
}

template <class T>
const RecurrentOptions& RecurrentStack<T>::options() const {
  return implementation_->options();
}

template <class T>
std::optional<GruWeights<T>> RecurrentStack<T>::gru_weights(const Mode& mode) const {
  return implementation_->gru_weights(mode);
}

template class RecurrentStack<float>;
template class RecurrentStack<double>;

}  // namespace babelgrad
