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

NgramMatch match_ngrams(const NgramText& hypothesis, const NgramText& reference, size_t n) {
  const auto count = [n](const NgramText& text) {
    return text.size() < n ? 0 : text.size() - n + 1;
  };
  NgramMatch match{count(hypothesis), count(reference), 0};
  if (match.hypothesis == 0 || match.reference == 0) return match;
  const auto expected = reference.counts(n);
  for (const auto& [ngram, times] : hypothesis.counts(n)) {
    const auto found = expected.find(ngram);
    if (found != expected.end()) match.common += std::min(times, found->second);
  }
  return match;
}

void require_equal_counts(const char* metric, size_t hypotheses, size_t references) {
  if (hypotheses == references) return;
  throw std::invalid_argument(std::string(metric) + ": " + std::to_string(hypotheses) +
                              " hypotheses, but " + std::to_string(references) + " references");
}

}  // namespace babelgrad::text
