// Exact match, and error rates by edit distance: WER on words, PER on phonemes, CER on characters,
// according to the tokens given.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "babelgrad/text/references.h"

namespace babelgrad::text {

// The least number of insertions, deletions and substitutions that turn `a` into `b`
// (Levenshtein 1966).
size_t edit_distance(const std::vector<std::string>& a, const std::vector<std::string>& b);

struct ErrorRate {
  size_t edits = 0;             // summed over the sentences
  size_t reference_tokens = 0;  // summed over the sentences
  // edits / reference_tokens, so it may exceed 1. Without reference tokens: 0 if there are no
  // edits, infinity otherwise.
  double rate() const;
  double bounded_rate() const;  // the same, but 1 where that is infinite: for means of resamples
  ErrorRate& operator+=(const ErrorRate& other);
};

// Of one sentence: that of the reference with the least rate, the first of equals. There must be a
// reference.
ErrorRate least_error(const std::vector<std::string>& hypothesis,
                      const std::vector<std::vector<std::string>>& references);

// hypotheses[i] and references[i] are the tokens of sentence i. Throws std::invalid_argument unless
// there are as many hypotheses as references.
ErrorRate token_error_rate(const std::vector<std::vector<std::string>>& hypotheses,
                           const std::vector<std::vector<std::string>>& references);

// The same for lines of tokens separated by white space.
ErrorRate word_error_rate(const std::vector<std::string>& hypotheses,
                          const std::vector<std::string>& references);

struct ExactMatch {
  size_t equal = 0, sentences = 0;
  double share() const;  // 0 to 1; 0 without sentences
  ExactMatch& operator+=(const ExactMatch& other);
};

// By sentence, whether the hypothesis equals a reference of it byte for byte. Throws
// std::invalid_argument unless there are as many hypotheses as references.
std::vector<ExactMatch> exact_matches(const std::vector<std::string>& hypotheses,
                                      const References& references);
// The share of their sum, with one reference a sentence.
double exact_match(const std::vector<std::string>& hypotheses,
                   const std::vector<std::string>& references);

}  // namespace babelgrad::text
