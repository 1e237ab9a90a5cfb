#include "babelgrad/apps/config_flags.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "babelgrad/models/config/config_fields.h"
#include "babelgrad/models/config/config_json.h"

namespace babelgrad::apps {
namespace {

std::string flag_name(const std::string& key) {
  std::string name = key;
  std::replace(name.begin(), name.end(), '_', '-');
  return name;
}

std::string short_number(double value) {
  std::ostringstream text;
  text << value;
  return text.str();
}

// The number that the text is, also ".5", "+5" and "1e3", which is whole; null if it is none, and
// the reader says what is wrong.
nlohmann::json number_of(const std::string& text) {
  const char* begin = text.data() + (text.starts_with('+') ? 1 : 0);
  const char* end = text.data() + text.size();
  const auto read = [&](auto number) -> nlohmann::json {
    const auto [rest, error] = std::from_chars(begin, end, number);
    if (error != std::errc() || rest != end) return nullptr;
    return number;
  };
  if (const auto whole = read(std::uint64_t{}); whole.is_number()) return whole;
  if (const auto whole = read(std::int64_t{}); whole.is_number()) return whole;
  const nlohmann::json number = read(double{});
  if (!number.is_number() || !std::isfinite(number.get<double>())) return nullptr;
  constexpr double kExact = 9007199254740992;  // 2^53: up to here a double is its whole number
  const double value = number.get<double>();
  if (value == std::trunc(value) && std::abs(value) <= kExact)
    return static_cast<std::int64_t>(value);
  return number;
}

// A configuration is JSON, and JSON is UTF-8, paths included.
void require_writable(const std::string& key, const nlohmann::json& value) try {
  value.dump();
} catch (const nlohmann::json::type_error&) {
  throw ConfigError("command line: " + key + " is not valid UTF-8");
}

}  // namespace

class ConfigFlags::Adder {
 public:
  using Keys = std::set<std::string_view>;

  Adder(ConfigFlags& flags, CLI::App& command, std::string group, Keys left_out = {})
      : flags_(flags),
        command_(command),
        group_(std::move(group)),
        left_out_(std::move(left_out)) {}

  template <class N, class L, class H>
  void number(const char* key, const N& field, L, H, const char* help) {
    if (std::string_view(key).ends_with("_vocabulary")) return;  // set from the data
    if (left_out_.contains(key)) return;
    add(key, help, Flag::Type::number)
        ->type_name("N")
        ->default_str(short_number(static_cast<double>(field)));
  }
  void text(const char* key, const std::string& field, const char* help) {
    add(key, help, Flag::Type::text)->type_name("F")->default_str(field);
  }
  void files(const char* key, const std::vector<std::string>&, const char* help) {
    auto& flag = flags_.flags_[key] = std::make_unique<Flag>();
    flag->type = Flag::Type::files;
    flag->option = command_.add_option("--" + flag_name(key), flag->files, help)
                       ->group(group_)
                       ->type_name("F")
                       ->allow_extra_args(false)
                       ->take_all();
  }
  template <class E, class Names>
  void choice(const char* key, const E& field, const Names& names, const char* help) {
    std::string all;
    for (const char* name : names) all += (all.empty() ? "" : "|") + std::string(name);
    add(key, help, Flag::Type::text)
        ->type_name(all)
        ->default_str(names[static_cast<std::size_t>(field)]);
  }
  template <class N, class L, class H>
  void number_of_all(const char* key, std::initializer_list<N*> fields, L low, H high,
                     const char* help) {
    number(key, **fields.begin(), low, high, help);
  }
  template <class E, class Names>
  void choice_of_all(const char* key, std::initializer_list<E*> fields, const Names& names,
                     const char* help) {
    choice(key, **fields.begin(), names, help);
  }
  void flag(const char* key, const bool& field, const char* help) {
    if (left_out_.contains(key)) return;
    auto& flag = flags_.flags_[key] = std::make_unique<Flag>();
    flag->type = Flag::Type::flag;
    const std::string name = flag_name(key);
    const std::string both = "--" + name + "{true},--no-" + name + "{false}";
    flag->option = command_.add_flag(both, flag->text, help + default_text(field))->group(group_);
  }

 private:
  static std::string default_text(bool value) {
    return value ? " (default: yes)" : " (default: no)";
  }

  CLI::Option* add(const char* key, const char* help, Flag::Type type) {
    auto& flag = flags_.flags_[key] = std::make_unique<Flag>();
    flag->type = type;
    flag->option = command_.add_option("--" + flag_name(key), flag->text, help)->group(group_);
    return flag->option;
  }

  ConfigFlags& flags_;
  CLI::App& command_;
  std::string group_;
  Keys left_out_;  // keys without a flag
};

void ConfigFlags::add(CLI::App& command, FlagGroup group, const Config& defaults) {
  Config copy = defaults;
  Adder::Keys left_out;
  if (group == FlagGroup::best) left_out = {"nbest"};
  if (group == FlagGroup::beam)
    left_out = {"nbest", "sample", "temperature", "top_k", "top_p", "sample_seed"};
  switch (group) {
    case FlagGroup::data:
      return visit_data(copy.data, Adder(*this, command, "Data"));
    case FlagGroup::model:
      return visit_model(copy.model, Adder(*this, command, "Model"));
    case FlagGroup::training:
      return visit_training(copy.training, Adder(*this, command, "Training"));
    case FlagGroup::search:
    case FlagGroup::best:
    case FlagGroup::beam:
      return visit_search(
          copy.search, Adder(*this, command,
                             "Search (a model folder has settings of its own; flags override them)",
                             std::move(left_out)));
  }
}

// Whether a flag says what holds without it.
bool ConfigFlags::is_default(const Flag& flag) {
  const std::string unset = flag.option->get_default_str();
  if (flag.type == Flag::Type::text) return flag.text == unset;
  return flag.type == Flag::Type::number && number_of(flag.text) == number_of(unset);
}

bool ConfigFlags::was_given(const std::string& key) const {
  const auto position = flags_.find(key);
  return position != flags_.end() && position->second->option->count() > 0;
}

void ConfigFlags::apply(Config& config) const {
  nlohmann::json json = nlohmann::json::object();
  for (const auto& [key, flag] : flags_) {
    if (flag->option->count() == 0) continue;
    json[key] = flag->text;
    if (flag->type == Flag::Type::files) json[key] = flag->files;
    if (flag->type == Flag::Type::flag) json[key] = flag->text == "true";
    require_writable(key, json[key]);
    if (flag->type != Flag::Type::number) continue;
    if (const auto number = number_of(flag->text); number.is_number()) json[key] = number;
  }
  update_from_json(config, json.dump(), "command line");
}

void ConfigFlags::refuse(const std::vector<IdleSetting>& idle) const {
  for (const auto& [key, reason] : idle)
    if (was_given(key) && !is_default(*flags_.at(key)))
      throw ConfigError("command line: " + key + " " + reason);
}

}  // namespace babelgrad::apps
