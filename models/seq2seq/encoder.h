// The encoder: words to embeddings to the states of recurrent layers, all of which are handed to
// the decoder.
#pragma once

#include <vector>

#include "babelgrad/models/seq2seq/recurrent_stack.h"
#include "babelgrad/models/seq2seq/word_embedding.h"

namespace babelgrad {

template <class T>
struct EncoderOutput {
  Tensor<T> states;                  // [S, B, D]
  std::vector<LayerState<T>> final;  // of each layer: the last of each direction, joined, [B, D]
  IntArray lengths;                  // [B]
};

template <class T>
class Encoder {
 public:
  Encoder(const Scope<T>& scope, const Seq2SeqConfig& config, Embedding<T> embedding);

  // source [S, B] padded word ids, lengths [B]
  EncoderOutput<T> operator()(const IntArray& source, const IntArray& lengths, const Mode& mode,
                              Tap<T>* tap = nullptr) const;

 private:
  typename RecurrentStack<T>::Run run(const Tensor<T>& words, const IntArray& lengths,
                                      const Mode& mode, Tap<T>* tap) const;

  WordEmbedding<T> embedding_;
  RecurrentStack<T> layers_;
  Dropout<T> state_dropout_;
};

extern template class Encoder<float>;
extern template class Encoder<double>;

}  // namespace babelgrad
