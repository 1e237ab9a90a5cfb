#include "babelgrad/models/seq2seq/decoder.h"

#include <algorithm>

#include "babelgrad/autograd/modes.h"

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

template <class T>
std::optional<AttentionLayer<T>> attention_layer(const Scope<T>& scope, const Seq2SeqConfig& c) {
  if (c.architecture == Architecture::plain) return std::nullopt;
  return AttentionLayer<T>(scope, attention_options(c));
}

template <class T>
Linear<T> make_output_layer(const Scope<T>& scope, const Seq2SeqConfig& c,
                            const Embedding<T>& embedding) {
  if (!c.tie_output) return Linear<T>(scope, c.readout_size(), c.target_vocabulary);
  return Linear<T>(embedding.weight(),
                   scope.parameter("bias", {c.target_vocabulary}, init::zeros()));
}

IntArray indices_of(const std::vector<std::size_t>& picks) {
  return IntArray({picks.size()}, std::vector<std::int32_t>(picks.begin(), picks.end()));
}

// [rows, F] as [rows / B, B, F]
template <class T>
Tensor<T> by_sentence(const Tensor<T>& x, std::size_t batch) {
  return reshape(x, {x.dim(0) / batch, batch, x.dim(1)});
}

}  // namespace

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
  return both.select(order);
}

template <class T>
DecoderState<T> DecoderState<T>::select(const std::vector<std::size_t>& rows) const {
  const IntArray indices = indices_of(rows);
  DecoderState selected;
  for (const Tensor<T>& hidden : hidden_)
    selected.hidden_.push_back(index_select(hidden, 0, indices));
  selected.time_ = time_;
  return selected;
}

template <class T>
Decoder<T>::Decoder(const Scope<T>& root, const Seq2SeqConfig& config, Embedding<T> embedding)
    : config_(config),
      embedding_(std::move(embedding)),
      initial_(initial_layers(root / "decoder", config)),
      gru_(root / "decoder" / "gru", gru_options(config)),
      readout_(root / "decoder" / "readout", readout_inputs(config), config.readout_size()),
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
  DecoderState<T> state;
  for (std::size_t i = 0; i < initial_.size(); ++i)
    state.hidden_.push_back(
        tapped(tap, DecoderPart::initial, {.layer = i}, tanh(initial_[i](encoded.final[i]))));
  return state;
}

template <class T>
Tensor<T> Decoder<T>::read_out(const std::vector<Tensor<T>>& parts) const {
  return tanh(readout_(parts.size() == 1 ? parts[0] : cat(parts, -1)));
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
  const Tensor<T> word =
      tapped(tap, DecoderPart::embedding, here, embedding_dropout_(embedding_(words), now));
  Attention<T> attended;
  if (attends_inside()) attended = attend(state.hidden_.back(), memory, state.time_, tap);
  state.hidden_ =
      advance(attends_inside() ? cat({word, attended.context}, 1) : word, state, mode, tap);
  if (attention_ && !attends_inside())
    attended = attend(state.hidden_.back(), memory, state.time_, tap);
  ++state.time_;
  DecoderOutput<T> output;
  output.weights = attended.weights;
  std::vector<Tensor<T>> parts;
  if (attention_) parts.push_back(attended.context);
  parts.push_back(state.hidden_.back());
  if (attends_inside()) parts.push_back(word);
  output.readout = tapped(tap, DecoderPart::readout, here, readout_dropout_(read_out(parts), now));
  if (tap != nullptr) output.logits = tap->on(DecoderPart::logits, here, logits(output.readout));
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
  if (tap != nullptr || thread_modes().composed) return fold(words, memory, initial, mode, tap);
  const Tensor<T> inputs = embedding_dropout_(embedding_(words), mode);
  DecoderOutput<T> output;
  std::vector<Tensor<T>> parts;  // of the readout's input
  if (attends_inside()) {
    const AttentionGru<T> run = attention_->recurrence(
        inputs, initial.hidden_[0], gru_.weights(0), memory.keys_, memory.values_, memory.lengths_);
    output.weights = run.weights;
    parts = {run.contexts_and_states, inputs};
  } else {
    const Tensor<T> states = gru_(inputs, {}, mode, initial.hidden_).states;
    if (attention_) {
      const Attention<T> attended =
          (*attention_)(states, memory.keys_, memory.values_, memory.lengths_);
      output.weights = attended.weights;
      parts.push_back(attended.context);
    }
    parts.push_back(states);
  }
  output.readout = readout_dropout_(read_out(parts), mode);
  return output;
}

template class DecoderMemory<float>;
template class DecoderMemory<double>;
template class DecoderState<float>;
template class DecoderState<double>;
template class Decoder<float>;
template class Decoder<double>;

}  // namespace babelgrad
