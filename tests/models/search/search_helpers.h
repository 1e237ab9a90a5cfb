// What the tests of searches share.
#pragma once

#include <doctest/doctest.h>

#include <numeric>

#include "babelgrad/models/search/search.h"
#include "tests/models/helpers.h"

namespace babelgrad {

inline constexpr double kSearchTolerance = 1e-11;

using Sources = std::vector<text::Source>;

inline Sources some_sources(const Seq2SeqConfig& config, std::size_t count, std::uint64_t seed) {
  Random random(seed);
  Sources sources;
  for (std::size_t i = 0; i < count; ++i)
    sources.push_back(random_example(random.below(7), 0, config, random).source);
  return sources;
}

// Models whose outputs end early, late and not at all within the limit.
inline void prepare(Seq2Seq<double>& model, std::size_t variant) {
  enlarge(model, 2.5);
  double& eos = model.store().at("output.bias").mutable_value().data()[text::kEos];
  eos = 1.5 * static_cast<double>(variant) - 1.5;
}

inline void check_same_hypotheses(const std::vector<Hypothesis>& got,
                                  const std::vector<Hypothesis>& expected) {
  REQUIRE(got.size() == expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    CHECK(got[i].tokens == expected[i].tokens);
    CHECK(got[i].finished == expected[i].finished);
    CHECK(std::abs(got[i].log_probability - expected[i].log_probability) < kSearchTolerance);
    CHECK(std::abs(got[i].score - expected[i].score) < kSearchTolerance);
    REQUIRE(got[i].weights.size() == expected[i].weights.size());
    for (std::size_t t = 0; t < got[i].weights.size(); ++t) {
      REQUIRE(got[i].weights[t].size() == expected[i].weights[t].size());
      for (std::size_t s = 0; s < got[i].weights[t].size(); ++s)
        CHECK(std::abs(got[i].weights[t][s] - expected[i].weights[t][s]) < 1e-6);
    }
  }
}

// log P of the hypothesis by following it.
inline double forced_log_probability(const Seq2Seq<double>& model, const text::Source& source,
                                     const Hypothesis& h) {
  text::Example example{source, h.tokens};
  if (h.finished) example.target.pop_back();
  const auto forced = model.force(batch_of({example}));
  return std::accumulate(
      forced.log_probabilities.begin(),
      forced.log_probabilities.begin() + static_cast<std::ptrdiff_t>(h.tokens.size()), 0.0);
}

}  // namespace babelgrad
