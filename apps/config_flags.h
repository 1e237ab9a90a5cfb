// Command line flags made from the configuration's fields (models/config/config_fields.h): the key
// max_length is the flag --max-length; booleans have --key and --no-key.
#pragma once

#include <CLI/CLI.hpp>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "babelgrad/models/config/config.h"
#include "babelgrad/models/config/idle_settings.h"

namespace babelgrad::apps {

// best: the search flags of a command that shows one translation, all but --nbest; beam: of one
// that shows how a beam finds it, without those of sampling, too.
enum class FlagGroup { data, model, training, search, best, beam };

class ConfigFlags {
 public:
  // Adds the flags of a group with the defaults of `defaults` in their help.
  void add(CLI::App& command, FlagGroup group, const Config& defaults);

  // Sets what was given on the command line; throws ConfigError as update_from_json does.
  void apply(Config& config) const;
  bool was_given(const std::string& key) const;
  // Throws ConfigError if one of them was given, and not as what holds without it.
  void refuse(const std::vector<IdleSetting>& idle) const;

 private:
  class Adder;
  struct Flag {
    CLI::Option* option;
    std::string text;                // as given
    std::vector<std::string> files;  // of a flag that may be repeated
    enum class Type { number, flag, text, files } type;
  };
  static bool is_default(const Flag& flag);

  std::map<std::string, std::unique_ptr<Flag>> flags_;  // by key
};

}  // namespace babelgrad::apps
