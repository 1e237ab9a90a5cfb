// How good a model is on pairs that it was not trained on.
#pragma once

#include "babelgrad/models/folder/translator.h"
#include "babelgrad/text/corpus.h"

namespace babelgrad {

struct ValidationResult {
  double loss = 0;  // nats a target token, eos included, without label smoothing
  double bleu = 0;  // of greedy search, sacreBLEU's 13a, 0 to 100
  double seconds = 0;
};

ValidationResult validate(const Translator& translator, const text::Corpus& corpus,
                          WorkerPool& pool);

}  // namespace babelgrad
