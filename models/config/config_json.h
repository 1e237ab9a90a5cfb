// The JSON form of a configuration: one flat object, keys as in config_fields.h.
#pragma once

#include <optional>
#include <string>

#include "babelgrad/models/config/config.h"

namespace babelgrad {

// Everything, in the order of config_fields.h, with "format" (of the model folder) first.
std::string to_json(const Config& config);

// Sets the keys that `json` has, those of earlier versions, too: "architecture" (luong, bahdanau or
// plain) is the settings that it stood for, a number "readout" is readout_size. `name` is the
// file's name, for messages. Throws ConfigError:
//   "c.json: not valid JSON at byte 17"          "c.json: unknown key \"hiden\""
//   "c.json: dropout is 1.5; need 0 to 0.95"     "c.json: hidden is \"big\"; need a whole number"
//   "c.json: format is 2; this program reads 1"  "c.json: nested deeper than 64 levels"
void update_from_json(Config& config, const std::string& json, const std::string& name);

// The configuration in a file of a model folder, which may be of an earlier version: where it lacks
// a key, what the program did before there was such a key. Throws as update_from_json.
Config stored_config(const std::string& json, const std::string& name);

struct KeyDifference {
  std::string key, stored, now;  // values as JSON
};

// The first key, if any, that tells the identities (config.h) of two configurations apart.
std::optional<KeyDifference> identity_difference(const Config& stored, const Config& now);
// The same of their structures.
std::optional<KeyDifference> structure_difference(const Config& stored, const Config& now);

}  // namespace babelgrad
