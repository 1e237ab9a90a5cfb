#include "babelgrad/models/metrics.h"

#include <cerrno>
#include <cstring>
#include <functional>
#include <nlohmann/json.hpp>
#include <system_error>

#include "babelgrad/base/json.h"
#include "babelgrad/models/rounding.h"
#include "babelgrad/nn/safetensors.h"
#include "babelgrad/text/files.h"

namespace babelgrad {
namespace {

using Json = nlohmann::ordered_json;

Json to_json(const UpdateMetrics& m) {
  Json json{{"update", m.update},
            {"epoch", m.epoch},
            {"seconds", rounded(m.seconds)},
            {"loss", rounded(m.loss)},
            {"smoothed_loss", rounded(m.smoothed_loss)},
            {"perplexity", rounded(m.perplexity)},
            {"learning_rate", rounded(m.learning_rate)},
            {"gradient_norm", rounded(m.gradient_norm)},
            {"tokens_per_second", rounded(m.tokens_per_second)}};
  if (m.memory_mb) json["memory_mb"] = rounded(*m.memory_mb);
  return json;
}

Json to_json(const ValidationMetrics& m) {
  Json json{{"update", m.update},
            {"epoch", m.epoch},
            {"seconds", rounded(m.seconds)},
            {"valid_loss", rounded(m.loss)},
            {"valid_perplexity", rounded(m.perplexity)},
            {"valid_bleu", rounded(m.bleu)},
            {"best", m.best},
            {"final", m.is_final}};
  Json& parameters = json["parameters"] = Json::object();
  for (const ParameterNorms& norms : m.parameters) {
    Json& row = parameters[norms.name];
    row["weight_norm"] = rounded(norms.weight_norm);
    if (norms.gradient_norm) row["gradient_norm"] = rounded(*norms.gradient_norm);
  }
  return json;
}

bool is_validation(const Json& json) { return json.contains("valid_loss"); }

UpdateMetrics update_from(const Json& json) {
  UpdateMetrics m;
  m.update = json.at("update");
  m.epoch = json.at("epoch");
  m.seconds = json.at("seconds");
  m.loss = json.at("loss");
  m.smoothed_loss = json.at("smoothed_loss");
  m.perplexity = json.at("perplexity");
  m.learning_rate = json.at("learning_rate");
  m.gradient_norm = json.at("gradient_norm");
  m.tokens_per_second = json.at("tokens_per_second");
  if (json.contains("memory_mb")) m.memory_mb = json.at("memory_mb").get<double>();
  return m;
}

ValidationMetrics validation_from(const Json& json) {
  ValidationMetrics m;
  m.update = json.at("update");
  m.epoch = json.at("epoch");
  m.seconds = json.at("seconds");
  m.loss = json.at("valid_loss");
  m.perplexity = json.at("valid_perplexity");
  m.bleu = json.at("valid_bleu");
  m.best = json.at("best");
  m.is_final = json.at("final");
  for (const auto& [name, row] : json.at("parameters").items()) {
    m.parameters.push_back({name, row.at("weight_norm"), std::nullopt});
    if (row.contains("gradient_norm"))
      m.parameters.back().gradient_norm = row.at("gradient_norm").get<double>();
  }
  return m;
}

// Calls visit(line's JSON, its first byte's place) for every whole line until it returns false.
void visit_lines(const std::filesystem::path& path, const std::string& text,
                 const std::function<bool(const Json&, std::size_t)>& visit) {
  std::size_t number = 0;
  for (std::size_t begin = 0, end; (end = text.find('\n', begin)) != std::string::npos;
       begin = end + 1) {
    ++number;
    try {
      if (!visit(parse_json<Json>(std::string_view(text).substr(begin, end - begin)), begin))
        return;
    } catch (const Json::exception&) {
      throw CheckpointError(path.string() + ":" + std::to_string(number) +
                            ": not a line of training metrics");
    }
  }
}

}  // namespace

void MetricsLog::add(const UpdateMetrics& metrics) { add_line(to_json(metrics).dump() + "\n"); }
void MetricsLog::add(const ValidationMetrics& metrics) { add_line(to_json(metrics).dump() + "\n"); }

void MetricsLog::fail(int error) const {
  throw CheckpointError(path_.string() + ": cannot be written (" + std::strerror(error) + ")");
}

void MetricsLog::add_line(const std::string& line) {
  if (!file_) {
    waiting_ += line;
    return;
  }
  if (std::fwrite(line.data(), 1, line.size(), file_.get()) != line.size() ||
      std::fflush(file_.get()) != 0)
    fail(errno);
}

void MetricsLog::open() {
  file_.reset(std::fopen(path_.c_str(), "ab"));
  if (!file_) fail(errno);
  add_line(std::exchange(waiting_, {}));
}

void MetricsLog::resume(std::size_t update) {
  if (std::filesystem::exists(path_)) {
    const std::string text = text::read_file(path_);
    std::size_t keep = text.rfind('\n') + 1;  // 0 without any line end
    visit_lines(path_, text, [&](const Json& json, std::size_t begin) {
      const bool stays = json.at("update").get<std::size_t>() <= update &&
                         !(is_validation(json) && json.at("final").get<bool>());
      if (!stays) keep = begin;
      return stays;
    });
    std::error_code error;
    std::filesystem::resize_file(path_, keep, error);
    if (error) fail(error.value());
  }
  open();
}

Metrics read_metrics(const std::filesystem::path& path) {
  Metrics metrics;
  visit_lines(path, text::read_file(path), [&](const Json& json, std::size_t) {
    if (is_validation(json))
      metrics.validations.push_back(validation_from(json));
    else
      metrics.updates.push_back(update_from(json));
    return true;
  });
  return metrics;
}

}  // namespace babelgrad
