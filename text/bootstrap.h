// How far a score of a test set depends on which sentences happen to be in it: bootstrap
// resampling, as sacreBLEU's --confidence and --paired-bs do it (Koehn 2004, "Statistical
// significance tests for machine translation evaluation").
//
// A metric is given as counts of each sentence, which += adds up, and a score of their sum.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "babelgrad/text/shuffle.h"

namespace babelgrad::text {

struct Bootstrap {
  size_t resamples = 1000;
  uint64_t seed = 12345;
};

template <class Counts>
Counts sum_of(const std::vector<Counts>& sentences) {
  Counts sum{};
  for (const Counts& counts : sentences) sum += counts;
  return sum;
}

// The score of each resample: as many sentences as there are, drawn with replacement. Which ones
// depends on the seed, the resample and the number of sentences alone, so two systems' resamples
// are of the same sentences. There must be a sentence.
template <class Counts, class Score>
std::vector<double> resampled_scores(const std::vector<Counts>& sentences,
                                     const Bootstrap& bootstrap, const Score& score) {
  std::vector<double> scores;
  scores.reserve(bootstrap.resamples);
  for (size_t r = 0; r < bootstrap.resamples; ++r) {
    SplitMix64 random = generator(bootstrap.seed, r);
    Counts sum{};
    for (size_t i = 0; i < sentences.size(); ++i) sum += sentences[random.below(sentences.size())];
    scores.push_back(score(sum));
  }
  return scores;
}

struct Confidence {
  double mean = 0;        // of the resamples
  double half_width = 0;  // of the interval that leaves out a fortieth of them at each end
};

// Of at least one resample.
Confidence confidence_95(std::vector<double> scores);

// How likely the two would differ by more than they do on the test set if there were no difference:
// the share, each count raised by one, of resamples whose absolute difference exceeds the mean
// absolute difference by more than `difference`, the absolute one on the whole test set. 1 where no
// resample differs (sacreBLEU counts such systems as surely different). Throws
// std::invalid_argument unless both have as many resamples.
double paired_p_value(const std::vector<double>& a, const std::vector<double>& b,
                      double difference);

// "nrefs:1|case:mixed|..." becomes "nrefs:1|bs:1000|seed:12345|case:mixed|...".
std::string resampled_signature(const std::string& signature, const Bootstrap& bootstrap);

}  // namespace babelgrad::text
