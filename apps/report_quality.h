// How well a model translates its validation pairs, and where: the part of the report page that
// needs translations.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>

#include "babelgrad/models/folder/translator.h"
#include "babelgrad/text/corpus.h"

namespace babelgrad::apps {

// {"sentences", "beam", "bleu", "bleu_signature", "chrf", "exact_match", "token_error_rate",
//  "unknown": {"source": share, "reference": share, "translation": share},    of tokens
//  "by_length": [{"shortest", "longest", "sentences", "bleu", "chrf", "length_ratio"}, ...],
//  "by_frequency": [{"least", "most" (absent in the last), "words", "recall", "precision", "f1"},
//                   ...] or null without training text,
//  "sample", "worst": [{"line", "source", "reference", "translation", "chrf"}, ...]}
// `corpus` holds lines as the model reads them; "line" counts them from 1. The sample is evenly
// spaced over the corpus, "worst" has the lowest chrF2; a source that is a picture has "features"
// and "patches", too (feature_json.h). `training_target` is the training text's
// target side, if it could be read.
nlohmann::json report_quality(const Translator& translator, const text::Corpus& corpus,
                              const std::optional<std::vector<std::string>>& training_target,
                              WorkerPool& pool);

}  // namespace babelgrad::apps
