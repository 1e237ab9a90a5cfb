#include "tests/apps/served.h"

#include <future>
#include <thread>

namespace babelgrad::test {
namespace {

std::shared_ptr<const Translator> load_model(const World& world) {
  world.add_model();
  return std::make_shared<const Translator>(Translator::load(world.path() / "model"));
}

apps::ServiceOptions options_of(Served& served, const apps::ServerLimits& limits,
                                const Served::Change& change) {
  apps::ServiceOptions options;
  options.threads = 2;
  options.limits = limits;
  options.trusted_proxies = {kProxy};
  apps::ServedModel model{"model", served.model, "<!doctype html>", {}};
  model.explain = [&served](const apps::ExplainQuery& request) {
    while (served.explain_waits) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return json{{"sentence", request.sentence}, {"beam", request.search.beam}};
  };
  options.models = {std::move(model)};
  if (change) change(options);
  return options;
}

}  // namespace

Served::Served(const apps::ServerLimits& limits, const Served::Change& change)
    : model(load_model(world)), service(options_of(*this, limits, change)) {}

apps::HttpReply Served::ask(const apps::HttpRequest& request) {
  const auto reply = std::make_shared<std::promise<apps::HttpReply>>();
  service.handle(request, [reply](apps::HttpReply r) { reply->set_value(std::move(r)); });
  return reply->get_future().get();
}

apps::HttpReply Served::post(const std::string& path, const std::string& body) {
  return ask({"POST", path, "localhost", "application/json", body});
}

apps::HttpReply Served::get(const std::string& path) {
  return ask({"GET", path, "localhost", "", ""});
}

std::string Served::translation(const std::string& sentence) const {
  return translator.translate({sentence}, translator.config().search)[0][0].text;
}

}  // namespace babelgrad::test
