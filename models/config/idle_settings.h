// Settings that do nothing beside the others: a window without local attention, a temperature
// without sampling. Files may hold them (config.json holds every key); who sets one on the command
// line expects something of it.
#pragma once

#include <string>
#include <vector>

#include "babelgrad/models/config/config.h"

namespace babelgrad {

struct IdleSetting {
  std::string key;
  std::string reason;  // "is of attention local_m and local_p; attention is global"
};

// Of the data, the model and the training; and of a search. (A training only stores settings of
// search: they are for searches whose own flags may make use of them.)
std::vector<IdleSetting> idle_settings(const Config& config);
std::vector<IdleSetting> idle_settings(const SearchConfig& config);

}  // namespace babelgrad
