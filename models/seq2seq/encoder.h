// The encoder: words to embeddings to GRU states, all of which are handed to the decoder.
#pragma once

#include <vector>

#include "babelgrad/models/config/config.h"
#include "babelgrad/models/seq2seq/tap.h"
#include "babelgrad/nn/embedding.h"

namespace babelgrad {

template <class T>
struct EncoderOutput {
  Tensor<T> states;              // [S, B, D]
  std::vector<Tensor<T>> final;  // [B, D] for each layer: the last state of each direction, joined
  IntArray lengths;              // [B]
};

template <class T>
class Encoder {
 public:
  Encoder(const Scope<T>& scope, const Seq2SeqConfig& config, Embedding<T> embedding);

  // source [S, B] padded word ids, lengths [B]
  EncoderOutput<T> operator()(const IntArray& source, const IntArray& lengths, const Mode& mode,
                              Tap<T>* tap = nullptr) const;

 private:
  GruResult<T> run(const Tensor<T>& words, const IntArray& lengths, const Mode& mode,
                   Tap<T>* tap) const;

  Embedding<T> embedding_;
  Gru<T> gru_;
  Dropout<T> embedding_dropout_, state_dropout_;
};

extern template class Encoder<float>;
extern template class Encoder<double>;

}  // namespace babelgrad
