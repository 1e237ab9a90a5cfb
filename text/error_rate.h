// Exact match, and error rates by edit distance: WER on words, PER on phonemes, CER on characters,
// according to the tokens given.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

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
};

// hypotheses[i] and references[i] are the tokens of sentence i. Throws std::invalid_argument unless
// there are as many hypotheses as references.
ErrorRate token_error_rate(const std::vector<std::vector<std::string>>& hypotheses,
                           const std::vector<std::vector<std::string>>& references);

// The same for lines of tokens separated by white space.
ErrorRate word_error_rate(const std::vector<std::string>& hypotheses,
                          const std::vector<std::string>& references);

// The share (0 to 1) of hypotheses that equal their reference byte for byte; 0 without sentences.
// Throws std::invalid_argument unless there are as many hypotheses as references.
double exact_match(const std::vector<std::string>& hypotheses,
                   const std::vector<std::string>& references);

}  // namespace babelgrad::text
