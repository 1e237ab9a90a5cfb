// Where translations are good and where they are not: by the length of the source, and by how
// frequent the words are in the training text (compare-mt: Neubig et al. 2019, arXiv 1903.07926).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "babelgrad/text/vocabulary.h"

namespace babelgrad::text {

struct LengthGroup {
  size_t shortest = 0, longest = 0;  // source tokens, both included
  size_t sentences = 0;
  double bleu = 0, chrf = 0;  // of the group as a corpus, 0 to 100
  double length_ratio = 0;    // BLEU tokens of the translations / of the references
};

// At most six groups of about equally many sentences, by rising length; sentences of one length
// stay together. `source_lengths` are in tokens. Throws std::invalid_argument unless all three have
// the same size.
std::vector<LengthGroup> quality_by_length(const std::vector<size_t>& source_lengths,
                                           const std::vector<std::string>& hypotheses,
                                           const std::vector<std::string>& references);

struct FrequencyGroup {
  uint64_t least = 0, most = 0;  // how often the training text has a word of this group
  size_t in_references = 0, in_hypotheses = 0;
  size_t matched = 0;     // in both for the same sentence, each word at most as often as in either
  double recall() const;  // matched / in_references; 0 without any
  double precision() const;  // matched / in_hypotheses; 0 without any
  double f1() const;         // harmonic mean of both
};

// Groups 0 (never seen), 1, 2-4, 5-9, 10-99, 100-999 and 1000 or more; the last one's `most` is the
// largest number. Words are those that BLEU counts (13a).
std::vector<FrequencyGroup> quality_by_frequency(const TokenCounts& training,
                                                 const std::vector<std::string>& hypotheses,
                                                 const std::vector<std::string>& references);

// How often each word (13a) is in the lines.
TokenCounts count_words(const std::vector<std::string>& lines);

}  // namespace babelgrad::text
