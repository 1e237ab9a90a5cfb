// A source of features as the pages show it.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "babelgrad/models/folder/translator.h"

namespace babelgrad::apps {

// Sets "features" [S, F], each position's, to four digits, and "patches" if they are of a picture:
// {"rows", "columns", "height", "width", "channels"}.
void add_features(nlohmann::json& json, const Translator& translator, const std::string& item,
                  const text::Source& source);
// The same of a source that is a picture, and nothing of any other.
void add_picture(nlohmann::json& json, const Translator& translator, const std::string& item);

}  // namespace babelgrad::apps
