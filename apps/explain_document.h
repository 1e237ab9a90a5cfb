// The explain document: everything that a model computes for one sentence, forward and backward, as
// JSON. `babelgrad explain` writes it into a page, the server answers with it; docs/explain.md
// describes each field.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "babelgrad/models/trace.h"
#include "babelgrad/models/translator.h"

namespace babelgrad::apps {

// A sentence longer than this is refused: time and size grow with the square of its length.
inline constexpr std::size_t kLongestExplained = 100;  // tokens, eos counted

struct ExplainedModel {
  std::string name;              // as shown
  const Translator* translator;  // its config().search is what the search uses
  std::filesystem::path folder;  // whose snapshots are shown; empty: none are
};

struct ExplainRequest {
  std::string sentence;  // UTF-8, one line
  // With one, the output is chosen greedily from the first step that it changes, and "beam" and
  // "snapshots" are left out.
  Intervention intervention = {};
};

// One entry of "models" for each, in their order; reads only, so that threads may call it at once.
// Throws text::InputError with one clear sentence for a sentence without tokens or with too many,
// and for an intervention that does not fit it (trace.h).
nlohmann::json explain_document(const std::vector<ExplainedModel>& models,
                                const ExplainRequest& request);

}  // namespace babelgrad::apps
