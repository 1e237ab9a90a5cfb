#include "babelgrad/apps/translation_json.h"

#include <cmath>

namespace babelgrad::apps {
namespace {

using Json = nlohmann::ordered_json;

double rounded(double value) { return std::round(value * 1e6) / 1e6; }

}  // namespace

Json rounded_numbers(const std::vector<double>& numbers) {
  Json json = Json::array();
  for (const double number : numbers) json.push_back(rounded(number));
  return json;
}

Json translation_json(const Translation& translation, bool attention) {
  const Hypothesis& hypothesis = translation.hypothesis;
  Json json{{"text", translation.text},
            {"tokens", translation.target_tokens},
            {"score", rounded(hypothesis.score)},
            {"log_probability", rounded(hypothesis.log_probability)},
            {"finished", hypothesis.finished}};
  if (!attention) return json;
  json["attention"] = Json::array();
  for (const std::vector<float>& row : hypothesis.weights)
    json["attention"].push_back(rounded_numbers({row.begin(), row.end()}));
  return json;
}

}  // namespace babelgrad::apps
