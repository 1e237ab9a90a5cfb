#include "babelgrad/models/training/metrics.h"

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <string_view>
#include <system_error>
#include <variant>

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
            {"valid_bleu", rounded(m.bleu)}};
  if (m.text) {
    json["valid_exact_match"] = rounded(m.text->exact_match);
    json["valid_token_error_rate"] = rounded(m.text->token_error_rate);
    json["valid_chrf2"] = rounded(m.text->chrf);
  }
  json["best"] = m.best;
  json["final"] = m.is_final;
  Json& parameters = json["parameters"] = Json::object();
  for (const ParameterNorms& norms : m.parameters) {
    Json& row = parameters[norms.name];
    row["weight_norm"] = rounded(norms.weight_norm);
    if (norms.gradient_norm) row["gradient_norm"] = rounded(*norms.gradient_norm);
  }
  return json;
}

// Throws Json::type_error for what is no count.
std::size_t count_from(const Json& json) { return json.get_ref<const Json::number_unsigned_t&>(); }

UpdateMetrics update_from(const Json& json) {
  UpdateMetrics m;
  m.update = count_from(json.at("update"));
  m.epoch = count_from(json.at("epoch"));
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
  m.update = count_from(json.at("update"));
  m.epoch = count_from(json.at("epoch"));
  m.seconds = json.at("seconds");
  m.loss = json.at("valid_loss");
  m.perplexity = json.at("valid_perplexity");
  m.bleu = json.at("valid_bleu");
  if (json.contains("valid_exact_match"))
    m.text = TextQuality{json.at("valid_exact_match").get<double>(),
                         json.at("valid_token_error_rate").get<double>(),
                         json.at("valid_chrf2").get<double>()};
  m.best = json.at("best");
  m.is_final = json.at("final");
  for (const auto& [name, row] : json.at("parameters").items()) {
    m.parameters.push_back({name, row.at("weight_norm"), std::nullopt});
    if (row.contains("gradient_norm"))
      m.parameters.back().gradient_norm = row.at("gradient_norm").get<double>();
  }
  return m;
}

using Entry = std::variant<UpdateMetrics, ValidationMetrics>;

// Of a line without its end; nothing if it is not one that this program writes.
std::optional<Entry> entry_of(std::string_view line) {
  try {
    const auto json = parse_json<Json>(line);
    if (json.contains("valid_loss")) return validation_from(json);
    return update_from(json);
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

std::size_t update_of(const Entry& entry) {
  return std::visit([](const auto& metrics) { return metrics.update; }, entry);
}

bool is_final(const Entry& entry) {
  const auto* validation = std::get_if<ValidationMetrics>(&entry);
  return validation && validation->is_final;
}

// What stays of a log when its training goes on.
struct Kept {
  std::size_t bytes = 0, lines = 0;
  std::optional<std::size_t> damaged;  // the number of the first line that is
};

Kept kept_part(std::string_view text, std::size_t update) {
  Kept kept;
  bool cut = false;
  std::size_t number = 1, last = 0;
  for (std::size_t begin = 0, end; begin < text.size(); begin = end + 1, ++number) {
    end = text.find('\n', begin);
    const bool whole = end != std::string_view::npos;
    const auto entry = whole ? entry_of(text.substr(begin, end - begin)) : std::nullopt;
    if (!entry || update_of(*entry) < last) {
      kept.damaged = number;
      break;
    }
    last = update_of(*entry);
    cut = cut || last > update || is_final(*entry);
    if (!cut) kept = {end + 1, number, std::nullopt};
  }
  return kept;
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

void MetricsLog::move_to(std::filesystem::path path) {
  path_ = std::move(path);
  open();
}

std::optional<std::string> MetricsLog::resume(std::size_t update) {
  Kept kept;
  if (std::filesystem::exists(path_)) {
    kept = kept_part(text::read_file(path_), update);
    std::error_code error;
    std::filesystem::resize_file(path_, kept.bytes, error);
    if (error) fail(error.value());
  }
  open();
  if (!kept.damaged) return std::nullopt;
  return path_.string() + ": damaged at line " + std::to_string(*kept.damaged) +
         "; cut back to line " + std::to_string(kept.lines);
}

Metrics read_metrics(const std::filesystem::path& path) {
  Metrics metrics;
  const std::string text = text::read_file(path);
  std::size_t number = 1;
  for (std::size_t begin = 0, end; (end = text.find('\n', begin)) != std::string::npos;
       begin = end + 1, ++number) {
    auto entry = entry_of(std::string_view(text).substr(begin, end - begin));
    if (!entry)
      throw CheckpointError(path.string() + ":" + std::to_string(number) +
                            ": not a line of training metrics");
    if (auto* validation = std::get_if<ValidationMetrics>(&*entry))
      metrics.validations.push_back(std::move(*validation));
    else
      metrics.updates.push_back(std::get<UpdateMetrics>(*entry));
  }
  return metrics;
}

}  // namespace babelgrad
