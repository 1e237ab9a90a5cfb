// Source: what a model reads of a sentence, or of something else than text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <utility>
#include <vector>

#include "babelgrad/text/vocabulary.h"

namespace babelgrad::text {

struct Source {
  std::vector<int32_t> ids = {};     // words, ending with eos; of features: unk at each position
  std::vector<float> features = {};  // [S, F], position by position; empty: words

  Source() = default;
  Source(std::vector<int32_t> words) : ids(std::move(words)) {}  // NOLINT: words are a source
  Source(std::initializer_list<int32_t> words) : ids(words) {}
  // Of S positions.
  static Source of_features(std::vector<float> features, size_t positions) {
    Source source(std::vector<int32_t>(positions, kUnk));
    source.features = std::move(features);
    return source;
  }

  size_t size() const { return ids.size(); }  // S
  // Without eos, which features do not have.
  size_t items() const { return features.empty() && !ids.empty() ? ids.size() - 1 : ids.size(); }
  bool operator==(const Source&) const = default;
};

}  // namespace babelgrad::text
