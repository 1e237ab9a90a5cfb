#include "babelgrad/apps/report_curves.h"

#include <algorithm>
#include <functional>

#include "babelgrad/models/rounding.h"

namespace babelgrad::apps {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kDrawnPoints = 500;

template <class Line>
using Field = std::function<std::optional<double>(const Line&)>;

// Points [update, mean of the field], the update being the last one of those that it stands for.
template <class Line>
Json curve(const std::vector<Line>& lines, const Field<Line>& field) {
  const std::size_t together = (lines.size() + kDrawnPoints - 1) / kDrawnPoints;
  Json points = Json::array();
  for (std::size_t begin = 0; begin < lines.size(); begin += together) {
    const std::size_t end = std::min(begin + together, lines.size());
    double sum = 0;
    std::size_t known = 0;
    for (std::size_t i = begin; i < end; ++i)
      if (const std::optional<double> value = field(lines[i])) {
        sum += *value;
        ++known;
      }
    if (known > 0)
      points.push_back({lines[end - 1].update, rounded(sum / static_cast<double>(known))});
  }
  return points;
}

// Logs of earlier versions have none of these.
Field<ValidationMetrics> of_text(double TextQuality::*value) {
  return [value](const ValidationMetrics& m) {
    return m.text ? std::optional<double>((*m.text).*value) : std::nullopt;
  };
}

Json best_update(const std::vector<ValidationMetrics>& validations) {
  const auto best = std::find_if(validations.rbegin(), validations.rend(),
                                 [](const ValidationMetrics& m) { return m.best; });
  return best == validations.rend() ? Json() : Json(best->update);
}

Json norms(const std::vector<ValidationMetrics>& validations) {
  Json result{{"updates", Json::array()}, {"parameters", Json::array()}};
  Json& parameters = result["parameters"];
  for (const ValidationMetrics& m : validations) {
    result["updates"].push_back(m.update);
    for (std::size_t i = 0; i < m.parameters.size(); ++i) {
      const ParameterNorms& row = m.parameters[i];
      if (i == parameters.size())
        parameters.push_back(
            {{"name", row.name}, {"weight", Json::array()}, {"gradient", Json::array()}});
      parameters[i]["weight"].push_back(row.weight_norm);
      parameters[i]["gradient"].push_back(row.gradient_norm ? Json(*row.gradient_norm) : Json());
    }
  }
  return result;
}

}  // namespace

Json report_curves(const Metrics& metrics) {
  using U = UpdateMetrics;
  using V = ValidationMetrics;
  const std::pair<const char*, Field<U>> of_updates[] = {
      {"loss", &U::loss},
      {"smoothed_loss", &U::smoothed_loss},
      {"perplexity", &U::perplexity},
      {"learning_rate", &U::learning_rate},
      {"gradient_norm", &U::gradient_norm},
      {"tokens_per_second", &U::tokens_per_second},
      {"memory_mb", &U::memory_mb}};
  const std::pair<const char*, Field<V>> of_validations[] = {
      {"valid_loss", &V::loss},
      {"valid_perplexity", &V::perplexity},
      {"valid_bleu", &V::bleu},
      {"valid_chrf2", of_text(&TextQuality::chrf)},
      {"valid_exact_match", of_text(&TextQuality::exact_match)},
      {"valid_token_error_rate", of_text(&TextQuality::token_error_rate)}};
  Json json;
  for (const auto& [name, field] : of_updates) json[name] = curve(metrics.updates, field);
  for (const auto& [name, field] : of_validations) json[name] = curve(metrics.validations, field);
  json["best"] = best_update(metrics.validations);
  json["norms"] = norms(metrics.validations);
  return json;
}

}  // namespace babelgrad::apps
