#include "babelgrad/models/config/config_json.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "babelgrad/base/json.h"
#include "babelgrad/models/config/config_fields.h"

namespace babelgrad {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kFormat = 1;

struct Writer {
  Json& json;
  template <class N, class L, class H>
  void number(const char* key, const N& field, L, H, const char*) {
    json[key] = field;
  }
  void flag(const char* key, bool field, const char*) { json[key] = field; }
  void text(const char* key, const std::string& field, const char*) {
    json[key] = field;
    try {
      json[key].dump();
    } catch (const Json::type_error&) {
      throw ConfigError(std::string("config: ") + key + " is not valid UTF-8");
    }
  }
  // One file is written as versions before there could be several did.
  void files(const char* key, const std::vector<std::string>& field, const char* help) {
    if (field.size() < 2) return text(key, field.empty() ? "" : field[0], help);
    Json all = Json::array();
    for (const std::string& path : field) {
      text(key, path, help);  // checks it
      all.push_back(path);
    }
    json[key] = all;
  }
  template <class E, class Names>
  void choice(const char* key, E field, const Names& names, const char*) {
    json[key] = names[static_cast<std::size_t>(field)];
  }
  // The fields' own keys are written.
  template <class N, class L, class H>
  void number_of_all(const char*, std::initializer_list<N*>, L, H, const char*) {}
  template <class E, class Names>
  void choice_of_all(const char*, std::initializer_list<E*>, const Names&, const char*) {}
};

// Takes the keys that it knows out of `json`.
class Reader {
 public:
  Reader(Json& json, std::string name) : json_(json), name_(std::move(name)) {}

  template <class N, class L, class H>
  void number(const char* key, N& field, L low, H high, const char*) {
    Json value;
    if (!take(key, value)) return;
    const bool whole = std::is_integral_v<N>;
    if (!value.is_number() || (whole && !value.is_number_integer()))
      fail(key, value, whole ? "a whole number" : "a number");
    const double number = value.get<double>();
    if (!(number >= static_cast<double>(low) && number <= static_cast<double>(high)))
      fail(key, value, Json(low).dump() + " to " + Json(high).dump());
    field = value.get<N>();
  }
  void flag(const char* key, bool& field, const char*) {
    Json value;
    if (!take(key, value)) return;
    if (!value.is_boolean()) fail(key, value, "true or false");
    field = value;
  }
  void text(const char* key, std::string& field, const char*) {
    Json value;
    if (!take(key, value)) return;
    if (!value.is_string()) fail(key, value, "a string");
    field = value;
  }
  void files(const char* key, std::vector<std::string>& field, const char*) {
    Json value;
    if (!take(key, value)) return;
    const Json list = value.is_array() ? value : Json::array({value});
    std::vector<std::string> paths;
    for (const Json& path : list) {
      if (!path.is_string()) fail(key, value, "a string or a list of strings");
      if (path != "") paths.push_back(path);
    }
    field = std::move(paths);
  }
  template <class E, class Names>
  void choice(const char* key, E& field, const Names& names, const char*) {
    Json value;
    if (!take(key, value)) return;
    std::string all;
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (value.is_string() && value.get<std::string>() == names[i]) {
        field = static_cast<E>(i);
        return;
      }
      all += (i == 0 ? "" : i + 1 == names.size() ? " or " : ", ") + std::string(names[i]);
    }
    fail(key, value, all);
  }
  template <class N, class L, class H>
  void number_of_all(const char* key, std::initializer_list<N*> fields, L low, H high,
                     const char* help) {
    set_all(key, fields, [&](N& field) { number(key, field, low, high, help); });
  }
  template <class E, class Names>
  void choice_of_all(const char* key, std::initializer_list<E*> fields, const Names& names,
                     const char* help) {
    set_all(key, fields, [&](E& field) { choice(key, field, names, help); });
  }

 private:
  template <class F, class Read>
  void set_all(const char* key, std::initializer_list<F*> fields, const Read& read) {
    if (!json_.contains(key)) return;
    F value{};
    read(value);
    for (F* field : fields) *field = value;
  }
  bool take(const char* key, Json& value) {
    const auto position = json_.find(key);
    if (position == json_.end()) return false;
    value = *position;
    json_.erase(position);
    return true;
  }
  [[noreturn]] void fail(const char* key, const Json& value, const std::string& need) const {
    throw ConfigError(name_ + ": " + key + " is " + shown(value) + "; need " + need);
  }

  Json& json_;
  std::string name_;
};

// What the keys of earlier versions stood for.
void modernize(Json& json, const std::string& name) {
  if (const auto readout = json.find("readout"); readout != json.end() && readout->is_number()) {
    json["readout_size"] = Json(*readout);
    json.erase("readout");
  }
  const auto position = json.find("architecture");
  if (position == json.end()) return;
  const Json architecture = *position;
  json.erase("architecture");
  if (architecture != "luong" && architecture != "bahdanau" && architecture != "plain")
    throw ConfigError(name + ": architecture is " + shown(architecture) +
                      "; need luong, bahdanau or plain");
  json["attention"] = architecture == "plain" ? "none" : "global";
  json["attend_from"] = architecture == "bahdanau" ? "previous" : "current";
  if (architecture == "bahdanau") json["score"] = "additive";
}

Json json_of(Config config) {
  Json json;
  json["format"] = kFormat;
  visit_config(config, Writer{json});
  return json;
}

std::optional<KeyDifference> first_difference(const Json& before, const Json& after) {
  for (const auto& [key, value] : after.items())
    if (before.at(key) != value) return KeyDifference{key, before.at(key).dump(), value.dump()};
  return std::nullopt;
}

}  // namespace

std::string to_json(const Config& config) { return json_of(config).dump(2) + "\n"; }

void update_from_json(Config& config, const std::string& text, const std::string& name) {
  Json json;
  try {
    json = parse_json<Json>(text);
  } catch (const JsonError& error) {
    throw ConfigError(name + ": " + error.what());
  }
  if (!json.is_object()) throw ConfigError(name + ": need a JSON object of keys and values");
  if (const auto format = json.find("format"); format != json.end()) {
    if (*format != kFormat)
      throw ConfigError(name + ": format is " + shown(*format) + "; this program reads " +
                        std::to_string(kFormat));
    json.erase(format);
  }
  modernize(json, name);
  Config updated = config;
  visit_config(updated, Reader(json, name));
  if (!json.empty()) throw ConfigError(name + ": unknown key " + shown(Json(json.begin().key())));
  config = updated;
}

Config stored_config(const std::string& json, const std::string& name) {
  Config config;
  config.data.normalize = Normalization::none;
  update_from_json(config, json, name);
  return config;
}

std::optional<KeyDifference> identity_difference(const Config& stored, const Config& now) {
  return first_difference(json_of(identity_of(stored)), json_of(identity_of(now)));
}

std::optional<KeyDifference> structure_difference(const Config& stored, const Config& now) {
  return first_difference(json_of(structure_of(stored)), json_of(structure_of(now)));
}

}  // namespace babelgrad
