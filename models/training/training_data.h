// What a training reads: corpora, the codecs learnt from them, and the examples as ids.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "babelgrad/models/folder/translator.h"
#include "babelgrad/text/corpus.h"

namespace babelgrad {

struct TrainingData {
  Codecs codecs;
  std::vector<text::Example> train;
  text::LengthReport lengths;       // of the training pairs
  text::Corpus validation;          // as read: references for BLEU
  std::size_t long_validation = 0;  // validation pairs left out as longer than max_length
  bool held_out = false;            // validation pairs were taken out of the training data
  std::shared_ptr<const FeatureFiles> features;  // where the sources are not text; else null
  std::uint64_t fingerprint = 0;                 // of all pairs: resuming needs the same
};

struct Corpora {
  text::Corpus train, validation;
  std::shared_ptr<const FeatureFiles> features;  // which the sources name; null: they are text
};

// The pairs that the configuration names, validation held out where it has none of its own, as the
// model reads them (lower-cased if the configuration says so). Throws ConfigError or
// text::InputError.
Corpora load_corpora(const Config& config);

// Removes pairs with more than max_length tokens on a side; returns how many.
std::size_t drop_long(text::Corpus& corpus, const Codecs& codecs, const FeatureFiles* features,
                      std::size_t max_length);

// The same as examples; learns the codecs unless they are given (resuming). Throws as load_corpora.
TrainingData load_training_data(const Config& config, const std::optional<Codecs>& codecs);

// Fills in what follows from the data: sizes, and whether embeddings are shared. features: or null.
void fit_config(Config& config, const Codecs& codecs, const FeatureFiles* features = nullptr);

}  // namespace babelgrad
