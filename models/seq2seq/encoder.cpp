#include "babelgrad/models/seq2seq/encoder.h"

#include <algorithm>
#include <stdexcept>

namespace babelgrad {
namespace {

RecurrentOptions encoder_layers(const Seq2SeqConfig& c) {
  return {c.embedding,         c.encoder_hidden,
          c.encoder_layers,    c.bidirectional,
          c.state_dropout,     c.residual,
          c.recurrent_dropout, c.reverse_source ? Direction::reverse : Direction::forward};
}

// x [S, B, F] of a layer, each position of which the tap sees by itself.
template <class T>
Tensor<T> tapped_positions(Tap<T>* tap, EncoderPart part, const Tensor<T>& x,
                           std::size_t layer = 0) {
  if (tap == nullptr) return x;
  std::vector<Tensor<T>> positions;
  for (std::size_t s = 0; s < x.dim(0); ++s)
    positions.push_back(tap->on(part, {s, layer}, x[static_cast<std::ptrdiff_t>(s)]));
  return stack(positions, 0);
}

}  // namespace

template <class T>
Encoder<T>::Encoder(const Scope<T>& scope, const Seq2SeqConfig& config, Embedding<T> embedding)
    : Encoder(scope, config, WordEmbedding<T>(scope, config, std::move(embedding))) {}

template <class T>
Encoder<T>::Encoder(const Scope<T>& scope, const Seq2SeqConfig& config)
    : Encoder(scope, config, FeatureEmbedding<T>(scope, config)) {}

template <class T>
Encoder<T>::Encoder(const Scope<T>& scope, const Seq2SeqConfig& config, SourceEmbedding embedding)
    : feature_size_(config.feature_size),
      embedding_(std::move(embedding)),
      layers_(scope, config, encoder_layers(config)),
      state_dropout_(scope / "state_dropout", config.state_dropout) {}

template <class T>
Tensor<T> Encoder<T>::embed(const text::Batch& batch, const Mode& mode) const {
  const std::size_t F = batch.feature_size();
  if (F != feature_size_) {
    const auto called = [](std::size_t n) {
      return n == 0 ? "words" : std::to_string(n) + " features a position";
    };
    throw std::invalid_argument("encoder: reads " + called(feature_size_) + "; the batch has " +
                                called(F));
  }
  if (const auto* words = std::get_if<WordEmbedding<T>>(&embedding_))
    return (*words)(IntArray({batch.source_length, batch.size}, batch.source), mode);
  Array<T> features = uninitialized<T>({batch.source_length, batch.size, F});
  std::copy(batch.features.begin(), batch.features.end(), features.data());
  return std::get<FeatureEmbedding<T>>(embedding_)(Tensor<T>(std::move(features)), mode);
}

template <class T>
typename RecurrentStack<T>::Run Encoder<T>::run(const Tensor<T>& words, const IntArray& lengths,
                                                const Mode& mode, Tap<T>* tap) const {
  if (tap == nullptr) return layers_(words, lengths, mode);
  auto result = layers_(
      words, lengths, mode, {},
      [tap](const Place& place, const Tensor<T>& x) {
        return tap->on(EncoderPart::cell, place, x);
      },
      [tap](std::size_t layer, const Tensor<T>& x) {
        return tapped_positions(tap, EncoderPart::sum, x, layer);
      });
  result.states = tapped_positions(tap, EncoderPart::state, result.states);
  if (layers_.options().residual && layers_.options().layers > 1) return result;
  // The last layer's final states are parts of what is handed over.
  const bool reverse = layers_.options().direction == Direction::reverse;
  const Tensor<T> ends[] = {result.states[reverse ? 0 : -1], result.states[0]};
  const std::size_t directions = layers_.options().bidirectional ? 2 : 1;
  for (std::size_t d = 0; d < directions; ++d)
    result.final[result.final.size() - directions + d][0] = chunk(ends[d], directions, -1)[d];
  return result;
}

template <class T>
EncoderOutput<T> Encoder<T>::operator()(const text::Batch& batch, const Mode& mode,
                                        Tap<T>* tap) const {
  const IntArray lengths({batch.size}, batch.source_lengths);
  const Tensor<T> words = tapped_positions(tap, EncoderPart::embedding, embed(batch, mode));
  const auto result = run(words, lengths, mode, tap);
  EncoderOutput<T> output{state_dropout_(result.states, mode), {}, lengths};
  const std::size_t directions = layers_.options().bidirectional ? 2 : 1;
  for (std::size_t i = 0; i < result.final.size(); i += directions) {
    LayerState<T> joined = result.final[i];
    for (std::size_t part = 0; directions == 2 && part < joined.size(); ++part)
      joined[part] = cat({joined[part], result.final[i + 1][part]}, 1);
    output.final.push_back(std::move(joined));
  }
  return output;
}

template class Encoder<float>;
template class Encoder<double>;

}  // namespace babelgrad
