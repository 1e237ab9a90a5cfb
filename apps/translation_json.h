// A translation as JSON, for the server and for `babelgrad translate --format json`.
#pragma once

#include <nlohmann/json.hpp>

#include "babelgrad/models/folder/translator.h"

namespace babelgrad::apps {

// Six digits behind the point.
nlohmann::ordered_json rounded_numbers(const std::vector<double>& numbers);

// {"text", "tokens", "score", "log_probability", "finished"}, and if asked "attention": a row a
// token, one weight a source token. Numbers have six digits behind the point.
nlohmann::ordered_json translation_json(const Translation& translation, bool attention);

}  // namespace babelgrad::apps
