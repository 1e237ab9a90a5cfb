// The vectors that the recurrent layers read, with what training drops of them: WordEmbedding looks
// words up, FeatureEmbedding makes them of other things' features.
#pragma once

#include "babelgrad/models/config/config.h"
#include "babelgrad/nn/dropout.h"
#include "babelgrad/nn/embedding.h"
#include "babelgrad/nn/linear.h"

namespace babelgrad {

// Drops elements of vectors [..., E], and whole vectors.
template <class T>
class EmbeddingDropout {
 public:
  EmbeddingDropout(const Scope<T>& scope, const Seq2SeqConfig& config)
      : element_dropout_(scope / "embedding_dropout", config.embedding_dropout),
        word_dropout_(scope / "word_dropout", config.word_dropout),
        drops_words_(config.word_dropout > 0) {}

  Tensor<T> operator()(const Tensor<T>& vectors, const Mode& mode) const {
    const Tensor<T> x = element_dropout_(vectors, mode);
    if (!drops_words_ || !mode.is_training()) return x;
    Shape one_each = vectors.shape();
    one_each.back() = 1;
    return x * word_dropout_(Tensor<T>(full<T>(one_each, 1)), mode);
  }

 private:
  Dropout<T> element_dropout_, word_dropout_;
  bool drops_words_;
};

template <class T>
class WordEmbedding {
 public:
  WordEmbedding(const Scope<T>& scope, const Seq2SeqConfig& config, Embedding<T> embedding)
      : embedding_(std::move(embedding)), dropout_(scope, config) {}

  // words [T, B], or [B] of one time step -> [T, B, E] or [B, E]
  Tensor<T> operator()(const IntArray& words, const Mode& mode) const {
    return dropout_(embedding_(words), mode);
  }

 private:
  Embedding<T> embedding_;
  EmbeddingDropout<T> dropout_;
};

template <class T>
class FeatureEmbedding {
 public:
  FeatureEmbedding(const Scope<T>& scope, const Seq2SeqConfig& config)
      : hidden_(scope / "features" / "hidden", config.feature_size, config.embedding),
        linear_(scope / "features" / "out", config.embedding, config.embedding),
        dropout_(scope, config) {}

  // features [S, B, F] -> [S, B, E]
  Tensor<T> operator()(const Tensor<T>& features, const Mode& mode) const {
    return dropout_(linear_(relu(hidden_(features))), mode);
  }

 private:
  Linear<T> hidden_, linear_;
  EmbeddingDropout<T> dropout_;
};

}  // namespace babelgrad
