#include "babelgrad/models/seq2seq/encoder.h"

namespace babelgrad {
namespace {

GruOptions gru_options(const Seq2SeqConfig& c) {
  return {c.embedding, c.encoder_hidden, c.layers, c.bidirectional, c.dropout};
}

}  // namespace

template <class T>
Encoder<T>::Encoder(const Scope<T>& scope, const Seq2SeqConfig& config, Embedding<T> embedding)
    : embedding_(std::move(embedding)),
      gru_(scope / "gru", gru_options(config)),
      embedding_dropout_(scope / "embedding_dropout", config.dropout),
      state_dropout_(scope / "state_dropout", config.dropout) {}

template <class T>
EncoderOutput<T> Encoder<T>::operator()(const IntArray& source, const IntArray& lengths,
                                        const Mode& mode) const {
  const Tensor<T> words = embedding_dropout_(embedding_(source), mode);
  GruResult<T> result = gru_(words, lengths, mode);
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
