// How good a model is on pairs that it was not trained on.
#pragma once

#include "babelgrad/models/folder/translator.h"
#include "babelgrad/text/corpus.h"

namespace babelgrad {

// Of translations beside their references. Lower-casing and spacing that the model's own tokenizer
// does not keep are not held against it in the first two.
struct TextQuality {
  double exact_match = 0;       // share of the translations, 0 to 1
  double token_error_rate = 0;  // edits a token of the references
  double chrf = 0;              // chrF2, 0 to 100
};

// references: as prepare_line() gives them.
TextQuality text_quality(const Translator& translator, const std::vector<std::string>& hypotheses,
                         const std::vector<std::string>& references);

struct ValidationResult {
  double loss = 0;   // nats a target token, eos included, without label smoothing
  double bleu = 0;   // of greedy search, sacreBLEU's 13a, 0 to 100
  TextQuality text;  // of greedy search
  double seconds = 0;
};

ValidationResult validate(const Translator& translator, const text::Corpus& corpus,
                          WorkerPool& pool);

// What a metric says of a model, for people and for the choice of the best.
struct MetricValue {
  const char* name;  // "token error rate"
  double value;
  bool smaller_is_better;

  bool is_better_than(double other) const {
    return smaller_is_better ? value < other : value > other;
  }
};

MetricValue value_of(ValidationMetric metric, const ValidationResult& result);

}  // namespace babelgrad
