#include "babelgrad/text/error_rate.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <numeric>
#include <string_view>
#include <unordered_map>

#include "babelgrad/text/bootstrap.h"
#include "babelgrad/text/ngrams.h"
#include "babelgrad/text/unicode.h"

namespace babelgrad::text {
namespace {

using Tokens = std::vector<std::string>;

// Two rows of the Levenshtein table over token numbers: O(|a| |b|) time, O(|b|) memory.
size_t table_distance(const std::vector<uint32_t>& a, const std::vector<uint32_t>& b) {
  std::vector<size_t> row(b.size() + 1);  // row[j]: distance of a[0, i) and b[0, j)
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t substitution = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({substitution, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

size_t edit_distance(const Tokens& a, const Tokens& b) {
  const size_t shorter = std::min(a.size(), b.size());
  size_t start = 0, end = 0;  // lengths of the common start and end
  while (start < shorter && a[start] == b[start]) ++start;
  while (end < shorter - start && a[a.size() - 1 - end] == b[b.size() - 1 - end]) ++end;

  std::unordered_map<std::string_view, uint32_t> numbers;
  const auto numbered = [&](const Tokens& tokens) {
    std::vector<uint32_t> ids;
    for (size_t i = start; i < tokens.size() - end; ++i)
      ids.push_back(
          numbers.emplace(tokens[i], static_cast<uint32_t>(numbers.size())).first->second);
    return ids;
  };
  const auto middle_a = numbered(a);
  return table_distance(middle_a, numbered(b));
}

double ErrorRate::rate() const {
  if (reference_tokens > 0)
    return static_cast<double>(edits) / static_cast<double>(reference_tokens);
  return edits == 0 ? 0 : std::numeric_limits<double>::infinity();
}

double ErrorRate::bounded_rate() const { return reference_tokens > 0 || edits == 0 ? rate() : 1; }

ErrorRate& ErrorRate::operator+=(const ErrorRate& other) {
  edits += other.edits;
  reference_tokens += other.reference_tokens;
  return *this;
}

ErrorRate least_error(const Tokens& hypothesis, const std::vector<Tokens>& references) {
  ErrorRate least{edit_distance(hypothesis, references[0]), references[0].size()};
  for (size_t k = 1; k < references.size(); ++k) {
    const ErrorRate error{edit_distance(hypothesis, references[k]), references[k].size()};
    if (error.rate() < least.rate()) least = error;
  }
  return least;
}

ErrorRate token_error_rate(const std::vector<Tokens>& hypotheses,
                           const std::vector<Tokens>& references) {
  require_equal_counts("token_error_rate", hypotheses.size(), references.size());
  ErrorRate sum;
  for (size_t i = 0; i < hypotheses.size(); ++i) sum += least_error(hypotheses[i], {references[i]});
  return sum;
}

ErrorRate word_error_rate(const std::vector<std::string>& hypotheses,
                          const std::vector<std::string>& references) {
  const auto split = [](const std::vector<std::string>& lines) {
    std::vector<Tokens> split_lines;
    for (const std::string& line : lines) split_lines.push_back(split_whitespace(line));
    return split_lines;
  };
  return token_error_rate(split(hypotheses), split(references));
}

double ExactMatch::share() const {
  return sentences == 0 ? 0 : static_cast<double>(equal) / static_cast<double>(sentences);
}

ExactMatch& ExactMatch::operator+=(const ExactMatch& other) {
  equal += other.equal;
  sentences += other.sentences;
  return *this;
}

std::vector<ExactMatch> exact_matches(const std::vector<std::string>& hypotheses,
                                      const References& references) {
  require_equal_counts("exact_match", hypotheses.size(), references.size());
  std::vector<ExactMatch> matches;
  for (size_t i = 0; i < hypotheses.size(); ++i) {
    const auto& of_sentence = references[i];
    const bool equal =
        std::find(of_sentence.begin(), of_sentence.end(), hypotheses[i]) != of_sentence.end();
    matches.push_back({equal ? size_t{1} : 0, 1});
  }
  return matches;
}

double exact_match(const std::vector<std::string>& hypotheses,
                   const std::vector<std::string>& references) {
  return sum_of(exact_matches(hypotheses, References(references))).share();
}

}  // namespace babelgrad::text
