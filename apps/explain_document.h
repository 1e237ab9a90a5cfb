// The explain document: everything that a model computes for one sentence, forward and backward, as
// JSON. `babelgrad explain` writes it into a page, the server answers with it; docs/explain.md
// describes each field.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "babelgrad/models/explanation/trace.h"
#include "babelgrad/models/folder/translator.h"

namespace babelgrad::apps {

// A sentence longer than this is refused: time and size grow with the square of its length.
inline constexpr std::size_t kLongestExplained = 100;  // tokens, without eos

struct ExplainedModel {
  std::string name;  // as shown
  const Translator* translator;
  SearchConfig search;           // nbest apart
  std::filesystem::path folder;  // whose snapshots are shown; empty: none are
};

// One entry of "models" for each, in their order; reads only, so that threads may call it at once.
// With an intervention the output is chosen greedily from the first step that it changes, and
// "beam" and "snapshots" are left out. sentence: UTF-8. Throws text::InputError with one clear
// sentence for a sentence without tokens or with too many, and for an intervention that does not
// fit it (trace.h).
nlohmann::json explain_document(const std::vector<ExplainedModel>& models,
                                const std::string& sentence, const Intervention& intervention = {});

}  // namespace babelgrad::apps
