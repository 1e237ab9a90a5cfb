// A figure of a test set, with how sure it is.
#pragma once

#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "babelgrad/text/bootstrap.h"

namespace babelgrad::apps {

struct Figure {
  double value = 0;
  std::vector<double> resamples;  // none without a bootstrap

  std::optional<text::Confidence> confidence() const {
    if (resamples.empty()) return std::nullopt;
    return text::confidence_95(resamples);
  }
  // " (μ = 40.4 ± 1.2)", or nothing; the numbers times `unit`, with so many digits.
  std::string confidence_text(int digits, double unit = 1) const {
    const auto confidence = this->confidence();
    if (!confidence) return "";
    char text[64];
    std::snprintf(text, sizeof text, " (μ = %.*f ± %.*f)", digits, unit * confidence->mean, digits,
                  unit * confidence->half_width);
    return text;
  }
};

// score(sum of the sentences' counts); with a bootstrap also of its resamples.
template <class Counts, class Score>
Figure figure_of(const std::vector<Counts>& sentences, const Score& score,
                 const std::optional<text::Bootstrap>& bootstrap) {
  Figure figure{score(text::sum_of(sentences)), {}};
  if (bootstrap) figure.resamples = text::resampled_scores(sentences, *bootstrap, score);
  return figure;
}

}  // namespace babelgrad::apps
