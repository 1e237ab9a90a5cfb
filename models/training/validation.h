// How good a model is on pairs that it was not trained on.
#pragma once

#include "babelgrad/models/folder/translator.h"
#include "babelgrad/text/chrf.h"
#include "babelgrad/text/corpus.h"
#include "babelgrad/text/error_rate.h"
#include "babelgrad/text/references.h"

namespace babelgrad {

// Of translations beside their references. Lower-casing and spacing that the model's own tokenizer
// does not keep are not held against it in the first two.
struct TextQuality {
  double exact_match = 0;       // share of the translations, 0 to 1
  double token_error_rate = 0;  // edits a token of the references
  double chrf = 0;              // chrF2, 0 to 100
};

// What it is made of, by sentence.
struct TextCounts {
  std::vector<text::ExactMatch> exact;
  std::vector<text::ErrorRate> errors;
  std::vector<text::ChrfCounts> chrf;
};

// references: as prepare_line() gives them.
TextCounts text_counts(const Translator& translator, const std::vector<std::string>& hypotheses,
                       const text::References& references);
TextQuality text_quality(const TextCounts& counts);

struct ValidationResult {
  double loss = 0;   // nats a target token, eos included, without label smoothing
  double bleu = 0;   // of greedy search, sacreBLEU's 13a, 0 to 100
  TextQuality text;  // of greedy search
  double seconds = 0;
};

ValidationResult validate(const Translator& translator, const text::Corpus& corpus,
                          WorkerPool& pool);

// What a metric says of a model, for people and for the choice of the best: of equals the one of
// the smaller loss, since early in a training all translations may be wrong.
struct MetricValue {
  const char* name;  // "token error rate"
  double value;
  bool smaller_is_better;
  double loss;

  bool is_better_than(double other, double other_loss) const {
    if (value == other) return loss < other_loss;
    return smaller_is_better ? value < other : value > other;
  }
};

MetricValue value_of(ValidationMetric metric, const ValidationResult& result);

}  // namespace babelgrad
