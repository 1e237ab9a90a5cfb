// WordEmbedding: the vectors of words as the recurrent layers read them, with what training drops.
#pragma once

#include "babelgrad/models/config/config.h"
#include "babelgrad/nn/dropout.h"
#include "babelgrad/nn/embedding.h"

namespace babelgrad {

template <class T>
class WordEmbedding {
 public:
  WordEmbedding(const Scope<T>& scope, const Seq2SeqConfig& config, Embedding<T> embedding)
      : embedding_(std::move(embedding)),
        element_dropout_(scope / "embedding_dropout", config.embedding_dropout),
        word_dropout_(scope / "word_dropout", config.word_dropout),
        drops_words_(config.word_dropout > 0) {}

  // words [T, B], or [B] of one time step -> [T, B, E] or [B, E]
  Tensor<T> operator()(const IntArray& words, const Mode& mode) const {
    const Tensor<T> x = element_dropout_(embedding_(words), mode);
    if (!drops_words_ || !mode.is_training()) return x;
    Shape one_each = words.shape();
    one_each.push_back(1);
    return x * word_dropout_(Tensor<T>(full<T>(one_each, 1)), mode);
  }

 private:
  Embedding<T> embedding_;
  Dropout<T> element_dropout_, word_dropout_;
  bool drops_words_;
};

}  // namespace babelgrad
