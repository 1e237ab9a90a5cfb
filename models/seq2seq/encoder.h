// The encoder: words, or the features of something else, to embeddings to the states of recurrent
// layers, all of which are handed to the decoder.
#pragma once

#include <variant>
#include <vector>

#include "babelgrad/models/seq2seq/recurrent_stack.h"
#include "babelgrad/models/seq2seq/word_embedding.h"
#include "babelgrad/text/batches.h"

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
  // Of words.
  Encoder(const Scope<T>& scope, const Seq2SeqConfig& config, Embedding<T> embedding);
  // Of features.
  Encoder(const Scope<T>& scope, const Seq2SeqConfig& config);

  // Reads the batch's sources. Throws std::invalid_argument for words where it reads features, and
  // the other way round: "encoder: reads 108 features a position; the batch has words".
  EncoderOutput<T> operator()(const text::Batch& batch, const Mode& mode,
                              Tap<T>* tap = nullptr) const;

 private:
  using SourceEmbedding = std::variant<WordEmbedding<T>, FeatureEmbedding<T>>;
  Encoder(const Scope<T>& scope, const Seq2SeqConfig& config, SourceEmbedding embedding);
  // -> [S, B, E]
  Tensor<T> embed(const text::Batch& batch, const Mode& mode) const;
  typename RecurrentStack<T>::Run run(const Tensor<T>& words, const IntArray& lengths,
                                      const Mode& mode, Tap<T>* tap) const;

  std::size_t feature_size_;
  SourceEmbedding embedding_;
  RecurrentStack<T> layers_;
  Dropout<T> state_dropout_;
};

extern template class Encoder<float>;
extern template class Encoder<double>;

}  // namespace babelgrad
