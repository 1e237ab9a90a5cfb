#include "babelgrad/apps/server/served_models.h"

#include <algorithm>
#include <charconv>
#include <sstream>

#include "babelgrad/base/json.h"

namespace babelgrad::apps {
namespace {

std::string quoted(const std::string& name) { return shown(nlohmann::json(name)); }

std::string names_of(const ServedModels& models) {
  std::string names;
  for (const ServedModel& model : models) names += (names.empty() ? "" : ", ") + quoted(model.name);
  return names;
}

std::string decoded(const std::string& text) {
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    const char* digits = text.data() + i + 1;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(digits, digits + 2, value, 16).ptr == digits + 2) {
      bytes += static_cast<char>(value);
      i += 2;
    } else {
      bytes += text[i] == '+' ? ' ' : text[i];
    }
  }
  return bytes;
}

}  // namespace

const ServedModel& find_model(const ServedModels& models, const std::string& name) {
  if (name.empty()) return models.front();
  for (const ServedModel& model : models)
    if (model.name == name) return model;
  throw RequestError(404, "there is no model " + quoted(name) + "; there are " + names_of(models));
}

const ServedModel& find_model(const ServedModels& models, const std::string& source,
                              const std::string& target) {
  if (models.size() == 1) return models.front();
  if (source == "auto") {  // the only one that gives this target
    const auto gives = [&](const ServedModel& model) { return model.name.ends_with("-" + target); };
    const auto first = std::find_if(models.begin(), models.end(), gives);
    if (first != models.end() && std::none_of(first + 1, models.end(), gives)) return *first;
  }
  if (source == "auto" || target.empty())
    throw RequestError(400, "need source and target; there are " + names_of(models));
  return find_model(models, source + "-" + target);
}

std::string query_value(const std::string& query, const std::string& key) {
  std::istringstream parts(query);
  std::string part;
  while (std::getline(parts, part, '&'))
    if (part.starts_with(key + "=")) return decoded(part.substr(key.size() + 1));
  return "";
}

}  // namespace babelgrad::apps
