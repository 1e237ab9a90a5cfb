#include "babelgrad/models/seq2seq/decoder.h"

#include <limits>

#include "babelgrad/autograd/modes.h"
#include "babelgrad/text/vocabulary.h"

namespace babelgrad {
namespace {

std::size_t size_of(DecoderInput input, const Seq2SeqConfig& c) {
  switch (input) {
    case DecoderInput::embedding:
      return c.embedding;
    case DecoderInput::context:
      return c.encoder_size();
    case DecoderInput::state:
    case DecoderInput::previous_state:
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
  Tensor<T> embedding, context, state, readout, previous_state;

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
      case DecoderInput::previous_state:
        return previous_state;
      case DecoderInput::readout:
        break;
    }
    return readout;
  }
};

RecurrentOptions decoder_layers(const Seq2SeqConfig& c) {
  return {size_of(recurrent_inputs(c), c),
          c.hidden,
          c.decoder_layers,
          false,
          c.state_dropout,
          c.residual,
          c.recurrent_dropout,
          Direction::forward};
}

AttentionOptions attention_options(const Seq2SeqConfig& c) {
  return {c.score,     c.hidden, c.encoder_size(), c.attention_size,   c.positions,
          c.attention, c.window, c.coverage,       c.attention_dropout};
}

template <class T>
std::vector<Linear<T>> initial_layers(const Scope<T>& scope, const Seq2SeqConfig& c) {
  std::vector<Linear<T>> layers;
  for (std::size_t i = 0; i < c.decoder_layers && c.initial_state != InitialState::zero; ++i)
    for (const CellPart part : state_parts(c))
      layers.emplace_back(
          scope / ((part == CellPart::cell ? "initial_cell_l" : "initial_l") + std::to_string(i)),
          c.encoder_size(), c.hidden);
  return layers;
}

// The encoder's layer beside the decoder's, counted from the last of each.
std::size_t layer_beside(std::size_t layer, const Seq2SeqConfig& c) {
  const std::size_t from_last = c.decoder_layers - 1 - layer;
  return c.encoder_layers > from_last ? c.encoder_layers - 1 - from_last : 0;
}

template <class T>
std::optional<Linear<T>> summary_layer(const Scope<T>& scope, const Seq2SeqConfig& c) {
  if (!c.fixed_context) return std::nullopt;
  return Linear<T>(scope / "fixed_context", c.encoder_size(), c.encoder_size());
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

std::vector<DecoderInput> recurrent_inputs(const Seq2SeqConfig& c) {
  std::vector<DecoderInput> inputs{DecoderInput::embedding};
  if (c.context_enters_recurrence()) inputs.push_back(DecoderInput::context);
  if (c.input_feeding) inputs.push_back(DecoderInput::readout);
  return inputs;
}

std::vector<DecoderInput> readout_inputs(const Seq2SeqConfig& c) {
  std::vector<DecoderInput> inputs;
  if (c.has_context()) inputs.push_back(DecoderInput::context);
  inputs.push_back(c.readout_from == AttendFrom::previous ? DecoderInput::previous_state
                                                          : DecoderInput::state);
  if (c.context_enters_recurrence()) inputs.push_back(DecoderInput::embedding);
  return inputs;
}

template <class T>
Decoder<T>::Decoder(const Scope<T>& root, const Seq2SeqConfig& config, Embedding<T> embedding)
    : config_(config),
      embedding_(root / "decoder", config, embedding),
      initial_(initial_layers(root / "decoder", config)),
      summary_(summary_layer(root / "decoder", config)),
      layers_(root / "decoder", config, decoder_layers(config)),
      readout_(root / "decoder" / "readout", size_of(readout_inputs(config), config),
               (config.readout == Readout::maxout ? 2 : 1) * config.readout_units()),
      attention_(attention_layer(root / "decoder" / "attention", config)),
      output_layer_(make_output_layer(root / "output", config, embedding)),
      readout_dropout_(root / "decoder" / "readout_dropout", config.readout_dropout) {}

template <class T>
DecoderMemory<T> Decoder<T>::memory(const EncoderOutput<T>& encoded) const {
  DecoderMemory<T> memory;
  memory.values_ = encoded.states;
  if (attention_) memory.keys_ = attention_->keys(encoded.states);
  if (summary_) memory.summary_ = tanh((*summary_)(encoded.final.back()[0]));
  memory.lengths_ = encoded.lengths;
  return memory;
}

template <class T>
DecoderState<T> Decoder<T>::initial_state(const EncoderOutput<T>& encoded, Tap<T>* tap) const {
  const std::size_t batch = encoded.lengths.size();
  const Tensor<T> mean =
      config_.initial_state == InitialState::mean ? mean_state(encoded) : Tensor<T>();
  DecoderState<T> state;
  const std::vector<CellPart> parts = state_parts(config_);
  for (std::size_t i = 0; i < config_.decoder_layers; ++i) {
    LayerState<T>& layer = state.hidden_.emplace_back();
    for (std::size_t part = 0; part < parts.size(); ++part) {
      Tensor<T> x(zeros<T>({batch, config_.hidden}));
      if (config_.initial_state != InitialState::zero) {
        x = initial_[i * parts.size() + part](
            mean.defined() ? mean : encoded.final.at(layer_beside(i, config_)).at(part));
        if (parts[part] == CellPart::state) x = tanh(x);
      }
      layer.push_back(
          tapped(tap, DecoderPart::initial, {.layer = i, .cell_part = parts[part]}, std::move(x)));
    }
  }
  if (config_.residual && config_.decoder_layers > 1) state.output_ = state.hidden_.back()[0];
  if (config_.input_feeding) state.fed_ = Tensor<T>(zeros<T>({batch, config_.readout_units()}));
  if (attention_) state.past_ = attention_->start(batch, encoded.states.dim(0));
  state.steps_ = zeros<std::int32_t>({batch});
  return state;
}

template <class T>
Tensor<T> Decoder<T>::fixed_context(const DecoderMemory<T>& memory, std::size_t rows) const {
  const Tensor<T>& summary = memory.summary_;
  return cat(std::vector<Tensor<T>>(rows / summary.dim(0), summary), 0);
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
  return !config_.attends_from_previous() ||
         (attention_->has_recurrence() && config_.decoder_layers == 1 &&
          config_.cell == CellKind::gru && !config_.layer_norm);
}

template <class T>
Tensor<T> Decoder<T>::advance(const Tensor<T>& input, DecoderState<T>& state, const Mode& mode,
                              Tap<T>* tap) const {
  typename RecurrentStack<T>::See see;
  typename RecurrentStack<T>::SeeSum see_sum = SumAsItIs();
  if (tap != nullptr) {
    see = [tap](const Place& place, const Tensor<T>& x) {
      return tap->on(DecoderPart::cell, place, x);
    };
    see_sum = [tap, time = state.time()](std::size_t layer, const Tensor<T>& x) {
      return tap->on(DecoderPart::sum, {time, layer}, x);
    };
  }
  if (mode.is_training() && config_.recurrent_dropout > 0 && !state.layers_)
    state.layers_ = layers_.dropped(mode);
  const bool drops = mode.is_training() && state.layers_;
  const RecurrentStack<T>& layers = drops ? *state.layers_ : layers_;
  auto next = layers.step(input, state.hidden_, mode, state.time(), see, see_sum);
  state.hidden_ = std::move(next.states);
  if (state.output_.defined()) state.output_ = next.output;
  return next.output;
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
    attended = layer(grouped, memory.keys_, memory.values_, memory.lengths_, mode, steps);
  } else {
    AttentionPast<T> past = state.past_;
    for (Tensor<T>* x : {&past.weights, &past.coverage})
      if (x->defined()) *x = by_sentence(*x, B);
    const Tensor<T> scores =
        tapped(tap, DecoderPart::scores, here, layer.scores(grouped, memory.keys_, past));
    Tensor<T> centers = layer.centers(grouped, memory.lengths_, memory.values_.dim(0));
    if (centers.defined()) centers = tapped(tap, DecoderPart::centers, here, centers);
    attended.weights = tapped(tap, DecoderPart::weights, here,
                              layer.weights(scores, centers, memory.lengths_, steps, past, mode));
    attended.context = layer.context(attended.weights, memory.values_, mode);
    state.past_ = layer.remember(past, attended.weights);
    for (Tensor<T>* x : {&state.past_.weights, &state.past_.coverage})
      if (x->defined()) *x = flatten(*x, 0, 1);
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
  made.embedding = tapped(tap, DecoderPart::embedding, here, embedding_(words, now));
  made.readout = state.fed_;
  made.previous_state = state.output_.defined() ? state.output_ : state.hidden_.back()[0];
  if (config_.attends_from_previous()) attend_with(made.previous_state);
  if (summary_)
    made.context =
        tapped(tap, DecoderPart::context, here, fixed_context(memory, made.previous_state.dim(0)));
  made.state = advance(made.joined(recurrent_inputs(config_)), state, mode, tap);
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
                                  DecoderState<T> state, const Mode& mode, Tap<T>* tap,
                                  double sampling) const {
  const std::size_t batch = words.shape()[1];
  std::vector<Tensor<T>> readouts, weights;
  for (std::size_t t = 0; t < words.shape()[0]; ++t) {
    IntArray read = words.leading(t, t + 1).reshaped({batch});
    if (t > 0 && sampling > 0) read = sampled(read, readouts.back(), mode.at_time(t), sampling);
    const DecoderOutput<T> output = step(read, memory, state, mode, tap);
    readouts.push_back(output.readout);
    if (output.weights.defined()) weights.push_back(output.weights);
  }
  return {stack(readouts, 0), weights.empty() ? Tensor<T>() : cat(weights, 0), {}};
}

template <class T>
IntArray Decoder<T>::sampled(const IntArray& words, const Tensor<T>& readout, const Mode& mode,
                             double probability) const {
  const NoGrad no_grad;
  Random random(combine_keys(mode.draw("decoder.scheduled_sampling", 0), *mode.time()));
  Array<T> scores = logits(readout).value();
  const std::size_t V = scores.shape()[1];
  for (std::size_t b = 0; b < words.size(); ++b)  // no search would choose these
    for (const std::int32_t never : {text::kPad, text::kBos})
      scores.data()[b * V + static_cast<std::size_t>(never)] = std::numeric_limits<T>::lowest();
  const IntArray own = argmax(scores, -1);
  IntArray read = words;
  for (std::size_t b = 0; b < read.size(); ++b)
    if (random.uniform() < probability) read.data()[b] = own.data()[b];
  return read;
}

template <class T>
Tensor<T> Decoder<T>::before(const DecoderState<T>& initial, const Tensor<T>& states) const {
  const Tensor<T>& first = initial.hidden_.back()[0];
  return cat({unsqueeze(first, 0), slice(states, 0, 0, -1)}, 0);
}

template <class T>
DecoderOutput<T> Decoder<T>::forced(const IntArray& words, const DecoderMemory<T>& memory,
                                    const DecoderState<T>& initial, const Mode& mode, Tap<T>* tap,
                                    double sampling) const {
  if (tap != nullptr || sampling > 0 || initial.time() != 0 || thread_modes().composed ||
      !has_shortcut())
    return fold(words, memory, initial, mode, tap, sampling);
  DecoderOutput<T> output;
  Inputs<T> made;
  made.embedding = embedding_(words, mode);
  Tensor<T> joined;  // the readout's input
  if (config_.attends_from_previous()) {
    const AttentionGru<T> run =
        attention_->recurrence(made.embedding, initial.hidden_[0][0], *layers_.gru_weights(mode),
                               memory.keys_, memory.values_, memory.lengths_);
    output.weights = run.weights;
    if (config_.readout_from == AttendFrom::current) {
      joined = cat({run.contexts_and_states, made.embedding}, -1);
    } else {
      const auto D = static_cast<std::ptrdiff_t>(config_.encoder_size());
      const auto both = static_cast<std::ptrdiff_t>(run.contexts_and_states.dim(2));
      made.context = slice(run.contexts_and_states, -1, 0, D);
      made.state = slice(run.contexts_and_states, -1, D, both);
    }
  } else {
    if (summary_) {
      const std::size_t steps = words.shape()[0];
      made.context = reshape(fixed_context(memory, words.size()),
                             {steps, words.shape()[1], config_.encoder_size()});
    }
    made.state = layers_(made.joined(recurrent_inputs(config_)), {}, mode, initial.hidden_).states;
    if (attention_) {
      const Attention<T> attended =
          (*attention_)(made.state, memory.keys_, memory.values_, memory.lengths_, mode);
      output.weights = attended.weights;
      made.context = attended.context;
    }
  }
  if (!joined.defined()) {
    if (config_.readout_from == AttendFrom::previous)
      made.previous_state = before(initial, made.state);
    joined = made.joined(readout_inputs(config_));
  }
  output.readout = readout_dropout_(read_out(joined), mode);
  return output;
}

template class Decoder<float>;
template class Decoder<double>;

}  // namespace babelgrad
