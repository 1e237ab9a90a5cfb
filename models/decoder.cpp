#include "babelgrad/models/decoder.h"

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
Tensor<T> Decoder<T>::read_out(const Tensor<T>& context, const Tensor<T>& state,
                               const Tensor<T>& words) const {
  std::vector<Tensor<T>> parts;
  if (context.defined()) parts.push_back(context);
  parts.push_back(state);
  if (config_.architecture == Architecture::bahdanau) parts.push_back(words);
  return tanh(readout_(parts.size() == 1 ? parts[0] : concat(parts, state.rank() - 1)));
}

template <class T>
DecoderOutput<T> Decoder<T>::forced(const IntArray& words, const DecoderMemory<T>& memory,
                                    const DecoderState<T>& initial, const Mode& mode) const {
  const Tensor<T> inputs = embedding_dropout_(embedding_(words), mode);
  if (config_.architecture == Architecture::bahdanau)
    return forced_bahdanau(inputs, memory, initial, mode);
  const Tensor<T> states = gru_(inputs, {}, mode, initial.hidden).states;
  DecoderOutput<T> output;
  Tensor<T> context;
  if (attention_) {
    const Attention<T> attended = (*attention_)(states, memory.keys, memory.values, memory.lengths);
    context = attended.context;
    output.weights = *attended.weights;
  }
  output.readout = readout_dropout_(read_out(context, states, inputs), mode);
  return output;
}

template <class T>
DecoderOutput<T> Decoder<T>::forced_bahdanau(const Tensor<T>& words, const DecoderMemory<T>& memory,
                                             const DecoderState<T>& initial,
                                             const Mode& mode) const {
  const std::size_t steps = words.dim(0), batch = words.dim(1);
  DecoderState<T> state = initial;
  std::vector<Tensor<T>> contexts, states;
  DecoderOutput<T> output;
  output.weights = uninitialized<T>({steps, batch, memory.values.dim(0)});
  for (std::size_t t = 0; t < steps; ++t) {
    const Attention<T> attended = (*attention_)(by_sentence(state.hidden[0], batch), memory.keys,
                                                memory.values, memory.lengths);
    std::copy_n(attended.weights->data(), attended.weights->size(),
                output.weights.data() + t * attended.weights->size());
    contexts.push_back(reshape(attended.context, {batch, attended.context.dim(2)}));
    const Tensor<T> word = reshape(slice(words, 0, t, t + 1), {batch, words.dim(2)});
    state.hidden = gru_.step(concat<T>({word, contexts.back()}, 1), state.hidden, mode, t);
    states.push_back(state.hidden[0]);
  }
  output.readout = readout_dropout_(read_out(stack(contexts, 0), stack(states, 0), words), mode);
  return output;
}

template <class T>
DecoderOutput<T> Decoder<T>::step(const IntArray& words, const DecoderMemory<T>& memory,
                                  DecoderState<T>& state) const {
  const std::size_t batch = memory.values.dim(1), rows = words.size();
  const Tensor<T> inputs = embedding_(words);
  const auto attend = [&](const Tensor<T>& queries) {
    return (*attention_)(by_sentence(queries, batch), memory.keys, memory.values, memory.lengths);
  };
  DecoderOutput<T> output;
  Tensor<T> context;
  const auto keep = [&](const Attention<T>& attended) {
    context = reshape(attended.context, {rows, attended.context.dim(2)});
    output.weights = *attended.weights;
  };
  if (config_.architecture == Architecture::bahdanau) {
    keep(attend(state.hidden[0]));
    state.hidden = gru_.step(concat<T>({inputs, context}, 1), state.hidden, kEvaluation, 0);
  } else {
    state.hidden = gru_.step(inputs, state.hidden, kEvaluation, 0);
    if (attention_) keep(attend(state.hidden.back()));
  }
  output.readout = read_out(context, state.hidden.back(), inputs);
  return output;
}

template class Decoder<float>;
template class Decoder<double>;

}  // namespace babelgrad
