#include "babelgrad/models/seq2seq/encoder.h"

namespace babelgrad {
namespace {

GruOptions gru_options(const Seq2SeqConfig& c) {
  return {c.embedding, c.encoder_hidden, c.layers, c.bidirectional, c.dropout};
}

// x [S, B, F], each position of which the tap sees by itself.
template <class T>
Tensor<T> tapped_positions(Tap<T>* tap, EncoderPart part, const Tensor<T>& x) {
  if (tap == nullptr) return x;
  std::vector<Tensor<T>> positions;
  for (std::size_t s = 0; s < x.dim(0); ++s)
    positions.push_back(tap->on(part, {.time = s}, x[static_cast<std::ptrdiff_t>(s)]));
  return stack(positions, 0);
}

}  // namespace

template <class T>
Encoder<T>::Encoder(const Scope<T>& scope, const Seq2SeqConfig& config, Embedding<T> embedding)
    : embedding_(std::move(embedding)),
      gru_(scope / "gru", gru_options(config)),
      embedding_dropout_(scope / "embedding_dropout", config.dropout),
      state_dropout_(scope / "state_dropout", config.dropout) {}

template <class T>
GruResult<T> Encoder<T>::run(const Tensor<T>& words, const IntArray& lengths, const Mode& mode,
                             Tap<T>* tap) const {
  if (tap == nullptr) return gru_(words, lengths, mode);
  const auto sequence = [tap](std::size_t layer, Direction direction, const Tensor<T>& x,
                              const Tensor<T>& initial, const GruWeights<T>& weights,
                              const IntArray& n) {
    return GruCell<T>::sequence(
        x, initial, weights, n, direction,
        [=](std::size_t s, GruPart part, const Tensor<T>& value) {
          return tap->on(EncoderPart::gru, {s, layer, part, direction}, value);
        });
  };
  GruResult<T> result = gru_.run(words, lengths, mode, {}, sequence);
  result.states = tapped_positions(tap, EncoderPart::state, result.states);
  // The last layer's final states are parts of what is handed over.
  const Tensor<T> ends[] = {result.states[-1], result.states[0]};
  const std::size_t directions = gru_.options().bidirectional ? 2 : 1;
  for (std::size_t d = 0; d < directions; ++d)
    result.final[result.final.size() - directions + d] = chunk(ends[d], directions, -1)[d];
  return result;
}

template <class T>
EncoderOutput<T> Encoder<T>::operator()(const IntArray& source, const IntArray& lengths,
                                        const Mode& mode, Tap<T>* tap) const {
  const Tensor<T> words =
      tapped_positions(tap, EncoderPart::embedding, embedding_dropout_(embedding_(source), mode));
  GruResult<T> result = run(words, lengths, mode, tap);
  EncoderOutput<T> output{state_dropout_(result.states, mode), {}, lengths};
  const std::size_t directions = gru_.options().bidirectional ? 2 : 1;
  for (std::size_t i = 0; i < result.final.size(); i += directions)
    output.final.push_back(directions == 1 ? result.final[i]
                                           : cat({result.final[i], result.final[i + 1]}, 1));
  return output;
}

template class Encoder<float>;
template class Encoder<double>;

}  // namespace babelgrad
