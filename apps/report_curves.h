// The curves of the report page, out of metrics.jsonl.
#pragma once

#include <nlohmann/json.hpp>

#include "babelgrad/models/training/metrics.h"

namespace babelgrad::apps {

// {"loss": [[update, value], ...], "smoothed_loss", "perplexity", "learning_rate", "gradient_norm",
//  "tokens_per_second", "memory_mb", "valid_loss", "valid_perplexity", "valid_bleu": the same,
//  "best": the update of the best validation, or null,
//  "norms": {"updates": [...], "parameters": [{"name", "weight": [...], "gradient": [...]}, ...]}}
// Long curves are thinned to means of neighbouring lines, at most 500 points each. Norms are those
// of the validations; a gradient that was not known is null.
nlohmann::json report_curves(const Metrics& metrics);

}  // namespace babelgrad::apps
