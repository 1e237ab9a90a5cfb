#include "babelgrad/text/chrf.h"

#include <array>

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

}  // namespace

double corpus_chrf(const std::vector<std::string>& hypotheses,
                   const std::vector<std::string>& references) {
  require_equal_counts("corpus_chrf", hypotheses.size(), references.size());
  std::array<NgramMatch, kOrder> sums{};
  for (size_t i = 0; i < hypotheses.size(); ++i) {
    const NgramText hypothesis = characters(hypotheses[i]);
    const NgramText reference = characters(references[i]);
    for (size_t n = 1; n <= kOrder; ++n) {
      const NgramMatch match = match_ngrams(hypothesis, reference, n);
      // sacreBLEU does not count the hypothesis where its reference is too short for the order.
      if (match.reference > 0) sums[n - 1].hypothesis += match.hypothesis;
      sums[n - 1].reference += match.reference;
      sums[n - 1].common += match.common;
    }
  }
  double precision = 0, recall = 0;
  size_t orders = 0;  // that both sides reach (the "effective order")
  for (const NgramMatch& sum : sums) {
    if (sum.hypothesis == 0 || sum.reference == 0) continue;
    precision += static_cast<double>(sum.common) / static_cast<double>(sum.hypothesis);
    recall += static_cast<double>(sum.common) / static_cast<double>(sum.reference);
    ++orders;
  }
  if (orders == 0 || precision + recall == 0) return 0;
  precision /= static_cast<double>(orders);
  recall /= static_cast<double>(orders);
  return 100 * (1 + kBetaSquared) * precision * recall / (kBetaSquared * precision + recall);
}

std::string chrf_signature() {
  return "nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no|version:babelgrad-0.1.0";
}

}  // namespace babelgrad::text
