// What the tests of the server share: a small model, a service around it, and requests to it.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>

#include "babelgrad/apps/server/service.h"
#include "tests/apps/world.h"

namespace babelgrad::test {

using nlohmann::json;

inline const std::string kLine = "je vois le chat";

inline const std::string kProxy = "10.0.0.9";  // an address that Served trusts

struct Served {
  using Change = std::function<void(apps::ServiceOptions&)>;
  explicit Served(const apps::ServerLimits& limits = {}, const Change& change = {});

  World world;
  std::shared_ptr<const Translator> model;
  const Translator& translator = *model;
  std::atomic<bool> explain_waits{false};  // explain does not come back while it does
  apps::Service service;

  // The reply to a request, however long it takes.
  apps::HttpReply ask(const apps::HttpRequest& request);
  // A POST as a well-behaved client sends it; json for what need not be JSON is its text.
  apps::HttpReply post(const std::string& path, const std::string& body);
  apps::HttpReply get(const std::string& path);
  // The translation of one sentence, as `babelgrad translate` gives it.
  std::string translation(const std::string& sentence) const;
};

inline std::string error_of(const std::string& body) {
  return json::parse(body).at("error").get<std::string>();
}

}  // namespace babelgrad::test
