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
  return {c.score,     c.hidden,    c.encoder_size(), c.attention_size,
          c.positions, c.attention, c.window,         c.coverage};
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

// The numbers of both, one after the other.
IntArray joined(const IntArray& a, const IntArray& b) {
  IntArray both = uninitialized<std::int32_t>({a.size() + b.size()});
  std::copy(b.begin(), b.end(), std::copy(a.begin(), a.end(), both.begin()));
  return both;
}

IntArray selected(const IntArray& x, const std::vector<std::size_t>& picks) {
  IntArray picked = uninitialized<std::int32_t>({picks.size()});
  for (std::size_t i = 0; i < picks.size(); ++i) picked.data()[i] = x.data()[picks[i]];
  return picked;
}

IntArray indices_of(const std::vector<std::size_t>& picks) {
  return IntArray({picks.size()}, std::vector<std::int32_t>(picks.begin(), picks.end()));
}

template <class T>
constexpr Tensor<T> AttentionPast<T>::*kPastParts[] = {&AttentionPast<T>::weights,
                                                       &AttentionPast<T>::coverage};

// x with zeros behind it along an axis, which is then so long.
template <class T>
Tensor<T> padded(const Tensor<T>& x, std::size_t axis, std::size_t length) {
  Shape rest = x.shape();
  rest[axis] = length - rest[axis];
  return cat({x, Tensor<T>(zeros<T>(rest))}, static_cast<std::ptrdiff_t>(axis));
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
  DecoderMemory memory;
  memory.values_ = index_select(values_, 1, indices);
  if (keys_.defined()) memory.keys_ = index_select(keys_, 1, indices);
  memory.lengths_ = selected(lengths_, sentences);
  return memory;
}

template <class T>
DecoderMemory<T> DecoderMemory<T>::join(const DecoderMemory& more) const {
  const std::size_t S = std::max(values_.dim(0), more.values_.dim(0));
  DecoderMemory memory;
  memory.values_ = cat({padded(values_, 0, S), padded(more.values_, 0, S)}, 1);
  if (keys_.defined()) memory.keys_ = cat({padded(keys_, 0, S), padded(more.keys_, 0, S)}, 1);
  memory.lengths_ = joined(lengths_, more.lengths_);
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
  for (const auto part : kPastParts<T>) {
    const Tensor<T>&mine = past_.*part, &other = more.past_.*part;
    if (!mine.defined()) continue;
    const std::size_t S = std::max(mine.dim(1), other.dim(1));
    both.past_.*part = cat({padded(mine, 1, S), padded(other, 1, S)}, 0);
  }
  both.steps_ = joined(steps_, more.steps_);
  return both.select(order);
}

template <class T>
DecoderState<T> DecoderState<T>::select(const std::vector<std::size_t>& rows) const {
  const IntArray indices = indices_of(rows);
  DecoderState state;
  for (const Tensor<T>& hidden : hidden_) state.hidden_.push_back(index_select(hidden, 0, indices));
  if (fed_.defined()) state.fed_ = index_select(fed_, 0, indices);
  for (const auto part : kPastParts<T>)
    if ((past_.*part).defined()) state.past_.*part = index_select(past_.*part, 0, indices);
  state.steps_ = selected(steps_, rows);
  return state;
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
  if (attention_) state.past_ = attention_->start(batch, encoded.states.dim(0));
  state.steps_ = zeros<std::int32_t>({batch});
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
  if (config_.input_feeding || (attention_ && attention_->remembers())) return false;
  return !config_.attends_from_previous() || (attention_->has_recurrence() && config_.layers == 1);
}

template <class T>
std::vector<Tensor<T>> Decoder<T>::advance(const Tensor<T>& input, const DecoderState<T>& state,
                                           const Mode& mode, Tap<T>* tap) const {
  const std::size_t t = state.time();
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
                                DecoderState<T>& state, const Mode& mode, Tap<T>* tap) const {
  const AttentionLayer<T>& layer = *attention_;
  const Place here{state.time()};
  const std::size_t rows = queries.dim(0), B = memory.values_.dim(1);
  const Tensor<T> grouped = by_sentence(queries, B);
  const IntArray steps = state.steps_.reshaped({rows / B, B});
  Attention<T> attended;
  if (tap == nullptr && !layer.remembers()) {
    attended = layer(grouped, memory.keys_, memory.values_, memory.lengths_, steps);
  } else {
    AttentionPast<T> past;
    for (const auto part : kPastParts<T>)
      if ((state.past_.*part).defined()) past.*part = by_sentence(state.past_.*part, B);
    const Tensor<T> scores =
        tapped(tap, DecoderPart::scores, here, layer.scores(grouped, memory.keys_, past));
    attended.weights = tapped(tap, DecoderPart::weights, here,
                              layer.weights(scores, grouped, memory.lengths_, steps, past, mode));
    attended.context = attention_context(attended.weights, memory.values_);
    past = layer.remember(past, attended.weights);
    for (const auto part : kPastParts<T>)
      if ((past.*part).defined()) state.past_.*part = flatten(past.*part, 0, 1);
  }
  attended.context = tapped(tap, DecoderPart::context, here,
                            reshape(attended.context, {rows, memory.values_.dim(2)}));
  return attended;
}

template <class T>
DecoderOutput<T> Decoder<T>::step(const IntArray& words, const DecoderMemory<T>& memory,
                                  DecoderState<T>& state, const Mode& mode, Tap<T>* tap) const {
  const Place here{state.time()};
  const Mode now = mode.at_time(state.time());
  DecoderOutput<T> output;
  Inputs<T> made;
  const auto attend_with = [&](const Tensor<T>& query) {
    const Attention<T> attended = attend(query, memory, state, now, tap);
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
  for (std::int32_t& taken : state.steps_) ++taken;
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
