#include "babelgrad/text/ngrams.h"

#include <algorithm>
#include <stdexcept>

namespace babelgrad::text {

NgramText::NgramText(const std::vector<std::string>& units, std::string_view separator) {
  for (const std::string& unit : units) {
    if (!joined_.empty()) joined_ += separator;
    begin_.push_back(joined_.size());
    joined_ += unit;
    end_.push_back(joined_.size());
  }
}

std::unordered_map<std::string_view, size_t> NgramText::counts(size_t n) const {
  std::unordered_map<std::string_view, size_t> counts;
  for (size_t i = 0; i + n <= size(); ++i) {
    const size_t begin = begin_[i];
    ++counts[std::string_view(joined_).substr(begin, end_[i + n - 1] - begin)];
  }
  return counts;
}

namespace {

using Counts = std::unordered_map<std::string_view, size_t>;

size_t ngrams_of(const NgramText& text, size_t n) {
  return text.size() < n ? 0 : text.size() - n + 1;
}

size_t common(const Counts& hypothesis, const Counts& expected) {
  size_t sum = 0;
  for (const auto& [ngram, times] : hypothesis) {
    const auto found = expected.find(ngram);
    if (found != expected.end()) sum += std::min(times, found->second);
  }
  return sum;
}

}  // namespace

NgramMatch match_ngrams(const NgramText& hypothesis, const NgramText& reference, size_t n) {
  NgramMatch match{ngrams_of(hypothesis, n), ngrams_of(reference, n), 0};
  if (match.hypothesis == 0 || match.reference == 0) return match;
  match.common = common(hypothesis.counts(n), reference.counts(n));
  return match;
}

NgramMatch match_ngrams(const NgramText& hypothesis, const std::vector<NgramText>& references,
                        size_t n) {
  if (references.size() == 1) return match_ngrams(hypothesis, references[0], n);
  Counts expected;
  for (const NgramText& reference : references)
    for (const auto& [ngram, times] : reference.counts(n)) {
      size_t& most = expected[ngram];
      most = std::max(most, times);
    }
  NgramMatch match{ngrams_of(hypothesis, n), 0, common(hypothesis.counts(n), expected)};
  for (const auto& [ngram, times] : expected) match.reference += times;
  return match;
}

void require_equal_counts(const char* metric, size_t hypotheses, size_t references) {
  if (hypotheses == references) return;
  throw std::invalid_argument(std::string(metric) + ": " + std::to_string(hypotheses) +
                              " hypotheses, but " + std::to_string(references) + " references");
}

}  // namespace babelgrad::text
