#include "babelgrad/text/chrf.h"

#include "babelgrad/text/bootstrap.h"
#include "babelgrad/text/ngrams.h"
#include "babelgrad/text/unicode.h"

namespace babelgrad::text {
namespace {

constexpr size_t kOrder = 6;
constexpr double kBetaSquared = 4;

NgramText characters(const std::string& line) {
  std::string compact;
  for (const std::string& part : split_whitespace(line)) compact += part;
  return NgramText(code_points(compact), "");
}

ChrfCounts count(const NgramText& hypothesis, const NgramText& reference) {
  ChrfCounts counts;
  for (size_t n = 1; n <= kOrder; ++n) {
    const NgramMatch match = match_ngrams(hypothesis, reference, n);
    // sacreBLEU does not count the hypothesis where its reference is too short for the order.
    counts.hypothesis[n - 1] = match.reference > 0 ? match.hypothesis : 0;
    counts.reference[n - 1] = match.reference;
    counts.common[n - 1] = match.common;
  }
  return counts;
}

}  // namespace

ChrfCounts& ChrfCounts::operator+=(const ChrfCounts& other) {
  for (size_t n = 0; n < kOrder; ++n) {
    hypothesis[n] += other.hypothesis[n];
    reference[n] += other.reference[n];
    common[n] += other.common[n];
  }
  return *this;
}

double ChrfCounts::score() const {
  double precision = 0, recall = 0;
  size_t orders = 0;  // that both sides reach (the "effective order")
  for (size_t n = 0; n < kOrder; ++n) {
    if (hypothesis[n] == 0 || reference[n] == 0) continue;
    precision += static_cast<double>(common[n]) / static_cast<double>(hypothesis[n]);
    recall += static_cast<double>(common[n]) / static_cast<double>(reference[n]);
    ++orders;
  }
  if (orders == 0 || precision + recall == 0) return 0;
  precision /= static_cast<double>(orders);
  recall /= static_cast<double>(orders);
  return 100 * (1 + kBetaSquared) * precision * recall / (kBetaSquared * precision + recall);
}

std::vector<ChrfCounts> chrf_counts(const std::vector<std::string>& hypotheses,
                                    const References& references) {
  require_equal_counts("corpus_chrf", hypotheses.size(), references.size());
  std::vector<ChrfCounts> best;
  best.reserve(hypotheses.size());
  for (size_t i = 0; i < hypotheses.size(); ++i) {
    const NgramText hypothesis = characters(hypotheses[i]);
    best.push_back(count(hypothesis, characters(references[i][0])));
    for (size_t k = 1; k < references[i].size(); ++k) {
      const ChrfCounts counts = count(hypothesis, characters(references[i][k]));
      if (counts.score() > best.back().score()) best.back() = counts;
    }
  }
  return best;
}

double corpus_chrf(const std::vector<std::string>& hypotheses, const References& references) {
  return sum_of(chrf_counts(hypotheses, references)).score();
}

double corpus_chrf(const std::vector<std::string>& hypotheses,
                   const std::vector<std::string>& references) {
  return corpus_chrf(hypotheses, References(references));
}

std::string chrf_signature(const std::string& references) {
  return "nrefs:" + references + "|case:mixed|eff:yes|nc:6|nw:0|space:no|version:babelgrad-0.1.0";
}

}  // namespace babelgrad::text
