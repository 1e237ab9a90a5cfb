#include "babelgrad/models/seq2seq/decoder.h"

namespace babelgrad {
namespace {

GruOptions gru_options(const Seq2SeqConfig& c) {
  const bool inside = c.architecture == Architecture::bahdanau;
  return {c.embedding + (inside ? c.encoder_size() : 0), c.hidden, c.layers, false, c.dropout};
}

AttentionOptions attention_options(const Seq2SeqConfig& c) {
  const bool inside = c.architecture == Architecture::bahdanau;
  return {inside ? Score::additive : c.score, c.hidden, c.encoder_size(), c.attention_size};
}

std::size_t readout_inputs(const Seq2SeqConfig& c) {
  switch (c.architecture) {
    case Architecture::luong:
      return c.encoder_size() + c.hidden;
    case Architecture::bahdanau:
      return c.encoder_size() + c.hidden + c.embedding;
    case Architecture::plain:
      break;
  }
  return c.hidden;
}

template <class T>
std::vector<Linear<T>> initial_layers(const Scope<T>& scope, const Seq2SeqConfig& c) {
  std::vector<Linear<T>> layers;
  for (std::size_t i = 0; i < c.layers; ++i)
    layers.emplace_back(scope / ("initial_l" + std::to_string(i)), c.encoder_size(), c.hidden);
  return layers;
}

// [rows, F] as [rows / B, B, F]
template <class T>
Tensor<T> by_sentence(const Tensor<T>& x, std::size_t batch) {
  return reshape(x, {x.dim(0) / batch, batch, x.dim(1)});
}

}  // namespace

template <class T>
Decoder<T>::Decoder(const Scope<T>& scope, const Seq2SeqConfig& config, Embedding<T> embedding)
    : config_(config),
      embedding_(std::move(embedding)),
      initial_(initial_layers(scope, config)),
      gru_(scope / "gru", gru_options(config)),
      readout_(scope / "readout", readout_inputs(config), config.readout_size()),
      embedding_dropout_(scope / "embedding_dropout", config.dropout),
      readout_dropout_(scope / "readout_dropout", config.dropout) {
  if (config.architecture != Architecture::plain)
    attention_.emplace(scope / "attention", attention_options(config));
}

template <class T>
DecoderMemory<T> Decoder<T>::memory(const EncoderOutput<T>& encoded) const {
  return {encoded.states, attention_ ? attention_->keys(encoded.states) : Tensor<T>(),
          encoded.lengths};
}

template <class T>
DecoderState<T> Decoder<T>::initial_state(const EncoderOutput<T>& encoded) const {
  DecoderState<T> state;
  for (std::size_t i = 0; i < initial_.size(); ++i)
    state.hidden.push_back(tanh(initial_[i](encoded.final[i])));
  return state;
}

template <class T>
Tensor<T> Decoder<T>::read_out(const std::vector<Tensor<T>>& parts) const {
  return tanh(readout_(parts.size() == 1 ? parts[0] : cat(parts, -1)));
}

template <class T>
DecoderOutput<T> Decoder<T>::forced(const IntArray& words, const DecoderMemory<T>& memory,
                                    const DecoderState<T>& initial, const Mode& mode) const {
  const Tensor<T> inputs = embedding_dropout_(embedding_(words), mode);
  DecoderOutput<T> output;
  std::vector<Tensor<T>> parts;  // of the readout's input
  if (config_.architecture == Architecture::bahdanau) {
    const AttentionGru<T> run = attention_->recurrence(inputs, initial.hidden[0], gru_.weights(0),
                                                       memory.keys, memory.values, memory.lengths);
    output.weights = run.weights.value().alias();
    parts = {run.contexts_and_states, inputs};
  } else {
    const Tensor<T> states = gru_(inputs, {}, mode, initial.hidden).states;
    if (attention_) {
      const Attention<T> attended =
          (*attention_)(states, memory.keys, memory.values, memory.lengths);
      output.weights = attended.weights.value().alias();
      parts.push_back(attended.context);
    }
    parts.push_back(states);
  }
  output.readout = readout_dropout_(read_out(parts), mode);
  return output;
}

template <class T>
DecoderOutput<T> Decoder<T>::step(const IntArray& words, const DecoderMemory<T>& memory,
                                  DecoderState<T>& state) const {
  const std::size_t batch = memory.values.dim(1), rows = words.size();
  const Tensor<T> inputs = embedding_(words);
  DecoderOutput<T> output;
  const auto attend = [&](const Tensor<T>& queries) {
    const Attention<T> attended =
        (*attention_)(by_sentence(queries, batch), memory.keys, memory.values, memory.lengths);
    output.weights = attended.weights.value().alias();
    return reshape(attended.context, {rows, attended.context.dim(2)});
  };
  std::vector<Tensor<T>> parts;
  if (config_.architecture == Architecture::bahdanau) {
    parts.push_back(attend(state.hidden[0]));
    state.hidden = gru_.step(cat({inputs, parts[0]}, 1), state.hidden, kEvaluation, 0);
    parts.insert(parts.end(), {state.hidden[0], inputs});
  } else {
    state.hidden = gru_.step(inputs, state.hidden, kEvaluation, 0);
    if (attention_) parts.push_back(attend(state.hidden.back()));
    parts.push_back(state.hidden.back());
  }
  output.readout = read_out(parts);
  return output;
}

template class Decoder<float>;
template class Decoder<double>;

}  // namespace babelgrad
