#include "babelgrad/apps/translation_json.h"

#include <cmath>

namespace babelgrad::apps {
namespace {

using OrderedJson = nlohmann::ordered_json;

double rounded_number(double value) { return std::round(value * 1e6) / 1e6; }

}  // namespace

OrderedJson rounded_numbers(const std::vector<double>& numbers) {
  OrderedJson json = OrderedJson::array();
  for (const double number : numbers) json.push_back(rounded_number(number));
  return json;
}

OrderedJson translation_json(const Translation& translation, bool attention) {
  const Hypothesis& hypothesis = translation.hypothesis;
  OrderedJson json{{"text", translation.text},
                   {"tokens", translation.target_tokens},
                   {"score", rounded_number(hypothesis.score)},
                   {"log_probability", rounded_number(hypothesis.log_probability)},
                   {"finished", hypothesis.finished}};
  if (!attention) return json;
  json["attention"] = OrderedJson::array();
  for (const std::vector<float>& row : hypothesis.weights)
    json["attention"].push_back(rounded_numbers({row.begin(), row.end()}));
  return json;
}

}  // namespace babelgrad::apps
