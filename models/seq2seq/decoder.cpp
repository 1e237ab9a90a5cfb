#include "babelgrad/models/seq2seq/decoder.h"

#include <algorithm>

#include "babelgrad/autograd/modes.h"

namespace babelgrad {
namespace {

std::size_t size_of(DecoderInput input, const Seq2SeqConfig& c) {
  switch (input) {
    case DecoderInput::embedding:
      return c.embedding;
    case DecoderInput::context:
      return c.encoder_size();
    case DecoderInput::state:
      return c.hidden;
    case DecoderInput::readout:
      break;
  }
  return c.readout_units();
}

std::size_t size_of(const std::vector<DecoderInput>& inputs, const Seq2SeqConfig& c) {
  std::size_t size = 0;
  for (const DecoderInput input : inputs) size += size_of(input, c);
  return size;
}

// What a step has so far, [N, *] each, or all steps, [T, B, *] each.
template <class T>
struct Inputs {
  Tensor<T> embedding, context, state, readout;

  Tensor<T> joined(const std::vector<DecoderInput>& inputs) const {
    std::vector<Tensor<T>> parts;
    for (const DecoderInput input : inputs) parts.push_back(at(input));
    return parts.size() == 1 ? parts[0] : cat(parts, -1);
  }

 private:
  const Tensor<T>& at(DecoderInput input) const {
    switch (input) {
      case DecoderInput::embedding:
        return embedding;
      case DecoderInput::context:
        return context;
      case DecoderInput::state:
        return state;
      case DecoderInput::readout:
        break;
    }
    return readout;
  }
};

GruOptions gru_options(const Seq2SeqConfig& c) {
  return {size_of(gru_inputs(c), c), c.hidden, c.layers, false, c.dropout};
}

AttentionOptions attention_options(const Seq2SeqConfig& c) {
  return {c.score, c.hidden, c.encoder_size(), c.attention_size};
}

template <class T>
std::vector<Linear<T>> initial_layers(const Scope<T>& scope, const Seq2SeqConfig& c) {
  std::vector<Linear<T>> layers;
  for (std::size_t i = 0; i < c.layers && c.initial_state != InitialState::zero; ++i)
    layers.emplace_back(scope / ("initial_l" + std::to_string(i)), c.encoder_size(), c.hidden);
  return layers;
}

template <class T>
std::optional<AttentionLayer<T>> attention_layer(const Scope<T>& scope, const Seq2SeqConfig& c) {
  if (!c.attends()) return std::nullopt;
  return AttentionLayer<T>(scope, attention_options(c));
}

template <class T>
Linear<T> make_output_layer(const Scope<T>& scope, const Seq2SeqConfig& c,
                            const Embedding<T>& embedding) {
  if (!c.tie_output) return Linear<T>(scope, c.readout_units(), c.target_vocabulary);
  return Linear<T>(embedding.weight(),
                   scope.parameter("bias", {c.target_vocabulary}, init::zeros()));
}

IntArray indices_of(const std::vector<std::size_t>& picks) {
  return IntArray({picks.size()}, std::vector<std::int32_t>(picks.begin(), picks.end()));
}

// states [S, B, D] -> [B, D], over the positions within the lengths
template <class T>
Tensor<T> mean_state(const EncoderOutput<T>& encoded) {
  const Tensor<T>& states = encoded.states;
  const Tensor<T> equal(zeros<T>({1, states.dim(1), states.dim(0)}));
  return squeeze(attention_context(attention_weights(equal, encoded.lengths), states), 0);
}

// [rows, F] as [rows / B, B, F]
template <class T>
Tensor<T> by_sentence(const Tensor<T>& x, std::size_t batch) {
  return reshape(x, {x.dim(0) / batch, batch, x.dim(1)});
}

}  // namespace

std::vector<DecoderInput> gru_inputs(const Seq2SeqConfig& c) {
  std::vector<DecoderInput> inputs{DecoderInput::embedding};
  if (c.attends_from_previous()) inputs.push_back(DecoderInput::context);
  if (c.input_feeding) inputs.push_back(DecoderInput::readout);
  return inputs;
}

std::vector<DecoderInput> readout_inputs(const Seq2SeqConfig& c) {
  std::vector<DecoderInput> inputs;
  if (c.attends()) inputs.push_back(DecoderInput::context);
  inputs.push_back(DecoderInput::state);
  if (c.attends_from_previous()) inputs.push_back(DecoderInput::embedding);
  return inputs;
}

template <class T>
DecoderMemory<T> DecoderMemory<T>::select(const std::vector<std::size_t>& sentences) const {
  const IntArray indices = indices_of(sentences);
  DecoderMemory selected;
  selected.values_ = index_select(values_, 1, indices);
  if (keys_.defined()) selected.keys_ = index_select(keys_, 1, indices);
  selected.lengths_ = uninitialized<std::int32_t>({sentences.size()});
  for (std::size_t i = 0; i < sentences.size(); ++i)
    selected.lengths_.data()[i] = lengths_.data()[sentences[i]];
  return selected;
}

template <class T>
DecoderMemory<T> DecoderMemory<T>::join(const DecoderMemory& more) const {
  const auto joined = [&](const Tensor<T>& a, const Tensor<T>& b) {
    const std::size_t length = std::max(a.dim(0), b.dim(0));
    const auto padded = [=](const Tensor<T>& x) {
      return cat({x, Tensor<T>(zeros<T>({length - x.dim(0), x.dim(1), x.dim(2)}))}, 0);
    };
    return cat({padded(a), padded(b)}, 1);
  };
  DecoderMemory memory;
  memory.values_ = joined(values_, more.values_);
  if (keys_.defined()) memory.keys_ = joined(keys_, more.keys_);
  memory.lengths_ = uninitialized<std::int32_t>({lengths_.size() + more.lengths_.size()});
  std::copy(more.lengths_.begin(), more.lengths_.end(),
            std::copy(lengths_.begin(), lengths_.end(), memory.lengths_.begin()));
  return memory;
}

template <class T>
DecoderState<T> DecoderState<T>::join(const DecoderState& more, std::size_t width) const {
  std::vector<std::size_t> order;  // of both one after the other
  const std::size_t batch = rows() / width;
  for (std::size_t k = 0; k < width; ++k) {
    for (std::size_t b = 0; b < batch; ++b) order.push_back(k * batch + b);
    for (std::size_t b = 0; b < more.rows(); ++b) order.push_back(rows() + b);
  }
  DecoderState both = *this;
  for (std::size_t i = 0; i < hidden_.size(); ++i)
    both.hidden_[i] = cat({hidden_[i], more.hidden_[i]}, 0);
  if (fed_.defined()) both.fed_ = cat({fed_, more.fed_}, 0);
  return both.select(order);
}

template <class T>
DecoderState<T> DecoderState<T>::select(const std::vector<std::size_t>& rows) const {
  const IntArray indices = indices_of(rows);
  DecoderState selected;
  for (const Tensor<T>& hidden : hidden_)
    selected.hidden_.push_back(index_select(hidden, 0, indices));
  if (fed_.defined()) selected.fed_ = index_select(fed_, 0, indices);
  selected.time_ = time_;
  return selected;
}

template <class T>
Decoder<T>::Decoder(const Scope<T>& root, const Seq2SeqConfig& config, Embedding<T> embedding)
    : config_(config),
      embedding_(std::move(embedding)),
      initial_(initial_layers(root / "decoder", config)),
      gru_(root / "decoder" / "gru", gru_options(config)),
      readout_(root / "decoder" / "readout", size_of(readout_inputs(config), config),
               (config.readout == Readout::maxout ? 2 : 1) * config.readout_units()),
      attention_(attention_layer(root / "decoder" / "attention", config)),
      output_layer_(make_output_layer(root / "output", config, embedding_)),
      embedding_dropout_(root / "decoder" / "embedding_dropout", config.dropout),
      readout_dropout_(root / "decoder" / "readout_dropout", config.dropout) {}

template <class T>
DecoderMemory<T> Decoder<T>::memory(const EncoderOutput<T>& encoded) const {
  DecoderMemory<T> memory;
  memory.values_ = encoded.states;
  if (attention_) memory.keys_ = attention_->keys(encoded.states);
  memory.lengths_ = encoded.lengths;
  return memory;
}

template <class T>
DecoderState<T> Decoder<T>::initial_state(const EncoderOutput<T>& encoded, Tap<T>* tap) const {
  const std::size_t batch = encoded.lengths.size();
  const Tensor<T> mean =
      config_.initial_state == InitialState::mean ? mean_state(encoded) : Tensor<T>();
  DecoderState<T> state;
  for (std::size_t i = 0; i < config_.layers; ++i) {
    const Tensor<T> hidden = config_.initial_state == InitialState::zero
                                 ? Tensor<T>(zeros<T>({batch, config_.hidden}))
                                 : tanh(initial_[i](mean.defined() ? mean : encoded.final[i]));
    state.hidden_.push_back(tapped(tap, DecoderPart::initial, {.layer = i}, hidden));
  }
  if (config_.input_feeding) state.fed_ = Tensor<T>(zeros<T>({batch, config_.readout_units()}));
  return state;
}

template <class T>
Tensor<T> Decoder<T>::read_out(const Tensor<T>& input) const {
  const Tensor<T> x = readout_(input);
  switch (config_.readout) {
    case Readout::linear:
      return x;
    case Readout::maxout: {
      Shape pairs = x.shape();
      pairs.back() /= 2;
      pairs.push_back(2);
      return amax(reshape(x, pairs), {-1});
    }
    case Readout::tanh:
      break;
  }
  return tanh(x);
}

template <class T>
bool Decoder<T>::has_shortcut() const {
  if (config_.input_feeding) return false;
  return !config_.attends_from_previous() ||
         (config_.score == Score::additive && config_.layers == 1);
}

template <class T>
std::vector<Tensor<T>> Decoder<T>::advance(const Tensor<T>& input, const DecoderState<T>& state,
                                           const Mode& mode, Tap<T>* tap) const {
  const std::size_t t = state.time_;
  if (tap == nullptr) return gru_.step(input, state.hidden_, mode, t);
  const auto cell_step = [=](std::size_t layer, const Tensor<T>& x, const Tensor<T>& hidden,
                             const GruWeights<T>& weights) {
    return GruCell<T>::step(t, x, hidden, weights,
                            [=](std::size_t time, GruPart part, const Tensor<T>& value) {
                              return tap->on(DecoderPart::gru, {time, layer, part}, value);
                            });
  };
  return gru_.step(input, state.hidden_, mode, t, cell_step);
}

template <class T>
Attention<T> Decoder<T>::attend(const Tensor<T>& queries, const DecoderMemory<T>& memory,
                                std::size_t time, Tap<T>* tap) const {
  const Tensor<T> grouped = by_sentence(queries, memory.values_.dim(1));
  Attention<T> attended;
  if (tap == nullptr) {
    attended = (*attention_)(grouped, memory.keys_, memory.values_, memory.lengths_);
  } else {
    const Tensor<T> scores =
        tap->on(DecoderPart::scores, {time}, attention_->scores(grouped, memory.keys_));
    attended.weights =
        tap->on(DecoderPart::weights, {time}, attention_weights(scores, memory.lengths_));
    attended.context = attention_context(attended.weights, memory.values_);
  }
  attended.context = tapped(tap, DecoderPart::context, {time},
                            reshape(attended.context, {queries.dim(0), memory.values_.dim(2)}));
  return attended;
}

template <class T>
DecoderOutput<T> Decoder<T>::step(const IntArray& words, const DecoderMemory<T>& memory,
                                  DecoderState<T>& state, const Mode& mode, Tap<T>* tap) const {
  const Place here{state.time_};
  const Mode now = mode.at_time(state.time_);
  DecoderOutput<T> output;
  Inputs<T> made;
  const auto attend_with = [&](const Tensor<T>& query) {
    const Attention<T> attended = attend(query, memory, state.time_, tap);
    made.context = attended.context;
    output.weights = attended.weights;
  };
  made.embedding =
      tapped(tap, DecoderPart::embedding, here, embedding_dropout_(embedding_(words), now));
  made.readout = state.fed_;
  if (config_.attends_from_previous()) attend_with(state.hidden_.back());
  state.hidden_ = advance(made.joined(gru_inputs(config_)), state, mode, tap);
  made.state = state.hidden_.back();
  if (attention_ && !config_.attends_from_previous()) attend_with(made.state);
  output.readout = tapped(tap, DecoderPart::readout, here,
                          readout_dropout_(read_out(made.joined(readout_inputs(config_))), now));
  if (tap != nullptr) output.logits = tap->on(DecoderPart::logits, here, logits(output.readout));
  if (config_.input_feeding) state.fed_ = output.readout;
  ++state.time_;
  return output;
}

template <class T>
DecoderOutput<T> Decoder<T>::fold(const IntArray& words, const DecoderMemory<T>& memory,
                                  DecoderState<T> state, const Mode& mode, Tap<T>* tap) const {
  const std::size_t batch = words.shape()[1];
  std::vector<Tensor<T>> readouts, weights;
  for (std::size_t t = 0; t < words.shape()[0]; ++t) {
    const DecoderOutput<T> output =
        step(words.leading(t, t + 1).reshaped({batch}), memory, state, mode, tap);
    readouts.push_back(output.readout);
    if (output.weights.defined()) weights.push_back(output.weights);
  }
  return {stack(readouts, 0), weights.empty() ? Tensor<T>() : cat(weights, 0), {}};
}

template <class T>
DecoderOutput<T> Decoder<T>::forced(const IntArray& words, const DecoderMemory<T>& memory,
                                    const DecoderState<T>& initial, const Mode& mode,
                                    Tap<T>* tap) const {
  if (tap != nullptr || thread_modes().composed || !has_shortcut())
    return fold(words, memory, initial, mode, tap);
  DecoderOutput<T> output;
  Inputs<T> made;
  made.embedding = embedding_dropout_(embedding_(words), mode);
  Tensor<T> joined;  // the readout's input
  if (config_.attends_from_previous()) {
    const AttentionGru<T> run =
        attention_->recurrence(made.embedding, initial.hidden_[0], gru_.weights(0), memory.keys_,
                               memory.values_, memory.lengths_);
    output.weights = run.weights;
    joined = cat({run.contexts_and_states, made.embedding}, -1);
  } else {
    made.state = gru_(made.embedding, {}, mode, initial.hidden_).states;
    if (attention_) {
      const Attention<T> attended =
          (*attention_)(made.state, memory.keys_, memory.values_, memory.lengths_);
      output.weights = attended.weights;
      made.context = attended.context;
    }
    joined = made.joined(readout_inputs(config_));
  }
  output.readout = readout_dropout_(read_out(joined), mode);
  return output;
}

template class DecoderMemory<float>;
template class DecoderMemory<double>;
template class DecoderState<float>;
template class DecoderState<double>;
template class Decoder<float>;
template class Decoder<double>;

}  // namespace babelgrad
