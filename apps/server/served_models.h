// The models that a server answers with, by name.
#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "babelgrad/apps/server/queries.h"
#include "babelgrad/models/folder/translator.h"

namespace babelgrad::apps {

struct ServedModel {
  std::string name;
  std::shared_ptr<const Translator> translator;
  std::string page;  // the HTML that GET / gives
  // The document of the explain page; runs on a worker thread. Errors of the request are
  // RequestError.
  std::function<nlohmann::json(const ExplainQuery&)> explain;
};

// At least one. The first one answers where a request names none.
using ServedModels = std::vector<ServedModel>;

// Throws RequestError 404 "there is no model \"x\"; there are \"a\", \"b\"".
const ServedModel& find_model(const ServedModels& models, const std::string& name);

// The one for a pair of languages: called "fr-en", or the only one there is.
const ServedModel& find_model(const ServedModels& models, const std::string& source,
                              const std::string& target);

// Of "a=b&model=fr%2Den": "fr-en"; "" if the key is not there.
std::string query_value(const std::string& query, const std::string& key);

}  // namespace babelgrad::apps
