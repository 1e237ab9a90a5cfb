// What a training reads: corpora, the codecs learnt from them, and the examples as ids.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "babelgrad/models/translator.h"
#include "babelgrad/text/corpus.h"

namespace babelgrad {

struct TrainingData {
  Codecs codecs;
  std::vector<text::Example> train;
  text::LengthReport lengths;       // of the training pairs
  text::Corpus validation;          // as read: references for BLEU
  std::size_t long_validation = 0;  // validation pairs left out as longer than max_length
  bool held_out = false;            // validation pairs were taken out of the training data
  std::uint64_t fingerprint = 0;    // of all pairs: resuming needs the same
};

// Reads the files that the configuration names; learns the codecs unless they are given (resuming).
// Throws ConfigError or text::InputError.
TrainingData load_training_data(const Config& config, const std::optional<Codecs>& codecs);

// Fills in what follows from the data: vocabulary sizes, and whether embeddings are shared.
void fit_config(Config& config, const Codecs& codecs);

}  // namespace babelgrad
