#include "babelgrad/apps/server/service.h"

#include <chrono>
#include <cmath>
#include <new>
#include <nlohmann/json.hpp>

#include "babelgrad/models/config/config_fields.h"
#include "babelgrad/text/error.h"
#include "babelgrad/text/unicode.h"

namespace babelgrad::apps {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kJson = "application/json";
// The page brings its own scripts and styles, and may talk to nobody but this server.
constexpr const char* kPagePolicy =
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

template <class AnyJson>
HttpReply json_reply(const AnyJson& json) {
  // A model of bytes can write what is not UTF-8.
  return {200, kJson, json.dump(-1, ' ', false, AnyJson::error_handler_t::replace) + "\n"};
}

bool is_json(const std::string& content_type) {
  std::string type = text::lowercase(content_type.substr(0, content_type.find(';')));
  while (!type.empty() && type.back() == ' ') type.pop_back();
  return type == kJson;
}

double rounded(double value) { return std::round(value * 1e6) / 1e6; }

Json describe(const Translation& translation, bool alignments) {
  const Hypothesis& hypothesis = translation.hypothesis;
  Json json{{"text", translation.text},
            {"tokens", translation.target_tokens},
            {"score", rounded(hypothesis.score)},
            {"log_probability", rounded(hypothesis.log_probability)},
            {"finished", hypothesis.finished}};
  if (!alignments) return json;
  json["attention"] = Json::array();
  for (const std::vector<float>& row : hypothesis.weights) {
    json["attention"].push_back(Json::array());
    for (const float weight : row) json["attention"].back().push_back(rounded(weight));
  }
  return json;
}

}  // namespace

HttpReply error_reply(int status, const std::string& message) {
  HttpReply reply = json_reply(Json{{"error", message}});
  reply.status = status;
  if (status == 503) reply.headers["Retry-After"] = "1";  // seconds
  return reply;
}

bool is_local_host(const std::string& host) {
  std::string name = host;
  if (const std::size_t bracket = name.find(']'); bracket != std::string::npos)
    name.erase(bracket + 1);
  else
    name.erase(std::min(name.find(':'), name.size()));
  return text::lowercase(name) == "localhost" || name == "127.0.0.1" || name == "[::1]";
}

Service::Service(const Translator& translator, ServiceOptions options)
    : translator_(translator),
      options_(std::move(options)),
      queue_(translator, metrics_, options_.threads, options_.limits.batch, options_.limits.queue) {
}

const std::map<std::string, Service::Route>& Service::routes() {
  static const std::map<std::string, Route> routes{
      {"/", {"GET", &Service::page}},
      {"/api/translate", {"POST", &Service::translate}},
      {"/api/explain", {"POST", &Service::explain}},
      {"/api/model", {"GET", &Service::model}},
      {"/healthz", {"GET", &Service::health}},
      {"/metrics", {"GET", &Service::show_metrics}}};
  return routes;
}

HttpReply Service::check(const HttpRequest& request) const {
  if (options_.local_only && !is_local_host(request.host))
    return error_reply(421, "this server answers to localhost only");
  const auto route = routes().find(request.path);
  if (route == routes().end()) return error_reply(404, "no such page");
  const std::string method = request.method == "HEAD" ? "GET" : request.method;
  if (method != route->second.method) {
    HttpReply reply = error_reply(405, "need the method " + std::string(route->second.method));
    reply.headers["Allow"] = route->second.method;
    return reply;
  }
  if (method == "POST" && !is_json(request.content_type))
    return error_reply(415, "need the content type application/json");
  const std::size_t limit = options_.limits.body;
  if (std::max(request.length, request.body.size()) > limit)
    return error_reply(413, "the body is longer than " + std::to_string(limit) + " bytes");
  return {};
}

HttpReply Service::handle(const HttpRequest& request) {
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  HttpReply reply = check(request);
  if (reply.status == 200) reply = run(routes().at(request.path), request);
  reply.headers["X-Content-Type-Options"] = "nosniff";
  reply.headers["Cache-Control"] = "no-store";
  metrics_.count_request(routes().count(request.path) ? request.path : "other", reply.status,
                         std::chrono::duration<double>(Clock::now() - start).count());
  return reply;
}

HttpReply Service::run(const Route& route, const HttpRequest& request) {
  try {
    return (this->*route.handler)(request);
  } catch (const RequestError& error) {
    return error_reply(error.status(), error.what());
  } catch (const text::InputError& error) {
    return error_reply(400, error.what());
  } catch (const QueueFullError& error) {
    return error_reply(503, error.what());
  } catch (const std::bad_alloc&) {
    return error_reply(503, "out of memory");
  } catch (const std::exception& error) {
    return error_reply(500, error.what());
  }
}

void Service::require_short(const std::string& key, const std::string& sentence,
                            std::size_t limit) const {
  if (sentence.size() <= limit) return;  // a token has at least one byte
  const std::size_t tokens = translator_.encode_source(sentence).size() - 1;  // without eos
  if (tokens > limit)
    throw RequestError(
        413, key + " has " + std::to_string(tokens) + " tokens; at most " + std::to_string(limit));
}

HttpReply Service::page(const HttpRequest&) {
  return {200,
          "text/html; charset=utf-8",
          options_.page,
          {{"Content-Security-Policy", kPagePolicy}, {"Referrer-Policy", "no-referrer"}}};
}

HttpReply Service::translate(const HttpRequest& http) {
  const TranslateQuery query =
      parse_translate(http.body, translator_.config().search, options_.limits);
  for (std::size_t i = 0; i < query.sentences.size(); ++i)
    require_short("sentences[" + std::to_string(i) + "]", query.sentences[i],
                  options_.limits.tokens);
  Json results = Json::array();
  for (const auto& translations : queue_.translate(query.sentences, query.search)) {
    Json found = Json::array();
    for (const Translation& translation : translations)
      found.push_back(describe(translation, query.alignments));
    results.push_back({{"source_tokens", translations[0].source_tokens}, {"translations", found}});
  }
  return json_reply(Json{{"results", results}});
}

HttpReply Service::explain(const HttpRequest& http) {
  const ExplainQuery query = parse_explain(http.body, translator_.config().search, options_.limits);
  require_short("sentence", query.sentence, options_.limits.explained);
  nlohmann::json document;
  queue_.run([&] { document = options_.explain(query); });
  return json_reply(document);
}

HttpReply Service::model(const HttpRequest&) {
  const Seq2SeqConfig& config = translator_.config().model;
  const SearchConfig& search = translator_.config().search;
  const ServerLimits& limits = options_.limits;
  return json_reply(Json{
      {"name", options_.name},
      {"attention", name_of(kAttentionNames, config.attention)},
      {"score", name_of(kScoreNames, config.score)},
      {"attend_from", name_of(kAttendFromNames, config.attend_from)},
      {"embedding", config.embedding},
      {"encoder_hidden", config.encoder_hidden},
      {"bidirectional", config.bidirectional},
      {"hidden", config.hidden},
      {"layers", config.layers},
      {"parameters", translator_.model().store().element_count()},
      {"source_vocabulary", config.source_vocabulary},
      {"target_vocabulary", config.target_vocabulary},
      {"search",
       {{"beam", search.beam}, {"nbest", search.nbest}, {"length_penalty", search.length_penalty}}},
      {"limits",
       {{"body", limits.body},
        {"sentences", limits.sentences},
        {"tokens", limits.tokens},
        {"explained", limits.explained},
        {"beam", limits.beam}}}});
}

HttpReply Service::health(const HttpRequest&) { return {200, "text/plain", "ok\n"}; }

HttpReply Service::show_metrics(const HttpRequest&) {
  return {200, "text/plain; version=0.0.4", metrics_.text()};
}

}  // namespace babelgrad::apps
