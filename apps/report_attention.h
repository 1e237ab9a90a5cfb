// How the attention of a few sentences came about: a part of the report page.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "babelgrad/models/folder/translator.h"
#include "babelgrad/text/corpus.h"

namespace babelgrad::apps {

// {"moments": [{"update": number or null, "best": bool}, ...],
//  "sentences": [{"source": [token, ...], "target": [token, ...], "reference": text,
//                 "moments": [{"loss", "text", "weights": [[...], ...]}, ...]}, ...]}
// Moments are the training's snapshots, oldest first, then the model itself (of `best_update`, if
// known; a snapshot of that update has the same parameters and is passed over). At each, `weights`
// [target, source] and `loss` (nats a token) are those of the reference, and `text` is what the
// model of that moment translates (greedy). Sentences are five of the corpus (fewer if it has
// fewer), from short to long, of at most 20 tokens where there are such. Without attention,
// `weights` is empty. A source that is a picture has "features" and "patches" (feature_json.h).
nlohmann::json report_attention(const Translator& translator, const std::filesystem::path& folder,
                                const text::Corpus& corpus, std::optional<std::size_t> best_update);

}  // namespace babelgrad::apps
