#include "babelgrad/text/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>

namespace babelgrad::text {
namespace {

double mean_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

}  // namespace

Confidence confidence_95(std::vector<double> scores) {
  std::sort(scores.begin(), scores.end());
  const size_t left_out = scores.size() / 40;
  return {mean_of(scores), 0.5 * (scores[scores.size() - left_out - 1] - scores[left_out])};
}

double paired_p_value(const std::vector<double>& a, const std::vector<double>& b,
                      double difference) {
  if (a.size() != b.size() || a.empty())
    throw std::invalid_argument("paired_p_value: need as many resamples of both");
  std::vector<double> differences;
  for (size_t i = 0; i < a.size(); ++i) differences.push_back(std::abs(a[i] - b[i]));
  const double mean = mean_of(differences);
  if (!(mean > 0) || !std::isfinite(mean)) return 1;
  const auto larger = std::count_if(differences.begin(), differences.end(),
                                    [&](double d) { return d - mean > difference; });
  return static_cast<double>(larger + 1) / static_cast<double>(a.size() + 1);
}

std::string resampled_signature(const std::string& signature, const Bootstrap& bootstrap) {
  const size_t behind_references = signature.find('|') + 1;
  return signature.substr(0, behind_references) + "bs:" + std::to_string(bootstrap.resamples) +
         "|seed:" + std::to_string(bootstrap.seed) + "|" + signature.substr(behind_references);
}

}  // namespace babelgrad::text
