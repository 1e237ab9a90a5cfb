#include "babelgrad/apps/server/service.h"

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <cmath>
#include <new>
#include <nlohmann/json.hpp>

#include "babelgrad/apps/server/request_id.h"
#include "babelgrad/models/config/config_fields.h"
#include "babelgrad/text/error.h"
#include "babelgrad/text/unicode.h"

namespace babelgrad::apps {
namespace {

using Json = nlohmann::ordered_json;

using Clock = std::chrono::steady_clock;

constexpr const char* kJson = "application/json";
// A longer body is parsed on a thread of its own, so that health and metrics need not wait.
constexpr std::size_t kParsedAtOnce = 32 << 10;
constexpr const char* kHealth = "/healthz";
constexpr std::size_t kExplainWork = 4;  // times that of a search
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

HttpReply described(const std::vector<std::vector<Translation>>& results, bool alignments) {
  Json json = Json::array();
  for (const auto& translations : results) {
    Json found = Json::array();
    for (const Translation& translation : translations)
      found.push_back(describe(translation, alignments));
    json.push_back({{"source_tokens", translations[0].source_tokens}, {"translations", found}});
  }
  return json_reply(Json{{"results", json}});
}

// The reply that `make` makes, or the one to what it throws.
HttpReply reply_of(const std::function<HttpReply()>& make) {
  try {
    return make();
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

}  // namespace

std::string host_name(const std::string& host) {
  const std::size_t bracket = host.find(']');
  return text::lowercase(
      host.substr(0, bracket == std::string::npos ? host.find(':') : bracket + 1));
}

bool is_local_host(const std::string& host) {
  const std::string name = host_name(host);
  return name == "localhost" || name == "127.0.0.1" || name == "[::1]";
}

struct Service::Exchange {
  HttpRequest request;
  Respond respond;
  Gone gone = std::make_shared<std::atomic<bool>>(false);
  Clock::time_point start = Clock::now();
};

struct Service::Preparation {
  boost::asio::thread_pool thread{1};
};

Service::Service(std::shared_ptr<const Translator> translator, ServiceOptions options)
    : translator_(std::move(translator)),
      options_(std::move(options)),
      queue_(metrics_, options_.threads,
             {options_.limits.batch, options_.limits.queue, options_.limits.client_queue}),
      preparation_(std::make_unique<Preparation>()) {}

Service::~Service() = default;

const std::map<std::string, Service::Route>& Service::routes() {
  static const std::map<std::string, Route> routes{
      {"/", {"GET", &Service::page}},
      {"/api/translate", {"POST", &Service::translate}},
      {"/api/explain", {"POST", &Service::explain}},
      {"/api/model", {"GET", &Service::model}},
      {kHealth, {"GET", &Service::health}},
      {"/metrics", {"GET", &Service::show_metrics}}};
  return routes;
}

bool Service::is_known_host(const std::string& host) const {
  if (!options_.local_only && options_.hosts.empty()) return true;
  return is_local_host(host) || options_.hosts.count(host_name(host)) > 0;
}

HttpReply Service::check(const HttpRequest& request) const {
  if (!is_known_host(request.host))
    return error_reply(421, options_.hosts.empty() ? "this server answers to localhost only"
                                                   : "this server does not answer to that host");
  if (options_.tokens && request.path != kHealth &&
      !options_.tokens->holder(request.authorization)) {
    HttpReply reply = error_reply(401, "need a valid token: Authorization: Bearer TOKEN");
    reply.headers["WWW-Authenticate"] = "Bearer";
    return reply;
  }
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
  const std::string coding = text::lowercase(request.content_encoding);
  if (!coding.empty() && coding != "identity")
    return error_reply(415, "need the body without a content encoding");
  const std::size_t limit = options_.limits.body;
  if (std::max(request.length, request.body.size()) > limit)
    return error_reply(413, too_long_message(limit));
  return {};
}

std::string Service::client_of(const HttpRequest& request) const {
  if (options_.tokens)
    if (const auto holder = options_.tokens->holder(request.authorization)) return *holder;
  const std::string& forwarded = request.forwarded_for;  // each proxy adds whom it hears at the end
  if (forwarded.empty() || !is_trusted_proxy(request.client)) return request.client;
  const std::size_t last = forwarded.find_last_of(", ");
  return last == std::string::npos ? forwarded : forwarded.substr(last + 1);
}

Gone Service::handle(HttpRequest request, Respond respond) {
  const auto exchange = std::make_shared<Exchange>();
  request.id = request_id(request.id);
  request.client = client_of(request);
  exchange->request = std::move(request);
  exchange->respond = std::move(respond);
  const HttpReply objection = check(exchange->request);
  if (objection.status != 200) {
    finish(exchange, objection);
  } else {
    const Route& route = routes().at(exchange->request.path);
    if (exchange->request.body.size() <= kParsedAtOnce)
      run(route, exchange);
    else
      boost::asio::post(preparation_->thread, [this, &route, exchange] { run(route, exchange); });
  }
  return exchange->gone;
}

void Service::run(const Route& route, const ExchangePointer& exchange) {
  if (*exchange->gone) return;
  const HttpReply failure = reply_of([&]() -> HttpReply {
    (this->*route.handler)(exchange);
    return {};
  });
  if (failure.status != 200) finish(exchange, failure);
}

void Service::finish(const ExchangePointer& exchange, HttpReply reply) {
  if (*exchange->gone) return;
  const double seconds = std::chrono::duration<double>(Clock::now() - exchange->start).count();
  complete(exchange->request, reply, seconds);
  exchange->respond(std::move(reply));
}

void Service::complete(const HttpRequest& request, HttpReply& reply, double seconds) {
  reply.headers["X-Content-Type-Options"] = "nosniff";
  reply.headers["Cache-Control"] = "no-store";
  reply.headers["X-Request-Id"] = request.id;
  metrics_.count_request(routes().count(request.path) ? request.path : "other", reply.status,
                         seconds);
  if (options_.log) options_.log->write(request, reply, seconds);
}

std::size_t Service::count_tokens(const std::string& key, const std::string& sentence,
                                  std::size_t limit) const {
  const std::size_t tokens = translator_->encode_source(sentence).size() - 1;  // without eos
  if (tokens > limit)
    throw RequestError(
        413, key + " has " + std::to_string(tokens) + " tokens; at most " + std::to_string(limit));
  return tokens;
}

void Service::page(const ExchangePointer& exchange) {
  finish(exchange,
         {200,
          "text/html; charset=utf-8",
          options_.page,
          {{"Content-Security-Policy", kPagePolicy}, {"Referrer-Policy", "no-referrer"}}});
}

Job Service::job_of(const Exchange& exchange) {
  Job job;
  job.client = exchange.request.client;
  job.gone = exchange.gone;
  return job;
}

void Service::translate(const ExchangePointer& exchange) {
  const ServerLimits& limits = options_.limits;
  TranslateQuery query =
      parse_translate(exchange->request.body, translator_->config().search, limits);
  Job job = job_of(*exchange);
  std::size_t work = 0;
  for (std::size_t i = 0; i < query.sentences.size(); ++i) {
    const std::string key = "sentences[" + std::to_string(i) + "]";
    const std::size_t tokens = count_tokens(key, query.sentences[i], limits.tokens);
    job.work.push_back(query.search.beam * (tokens + 1));
    work += job.work.back();
  }
  if (work > limits.work)
    throw RequestError(413, "the sentences are " + std::to_string(work) +
                                " of work (beam x tokens); at most " + std::to_string(limits.work));
  job.translator = translator_;
  job.sentences = std::move(query.sentences);
  job.search = query.search;
  job.done = [this, exchange, alignments = query.alignments](const auto& results, auto error) {
    finish(exchange, reply_of([&] {
             if (error) std::rethrow_exception(error);
             return described(results, alignments);
           }));
  };
  queue_.submit(std::move(job));
}

void Service::explain(const ExchangePointer& exchange) {
  ExplainQuery query =
      parse_explain(exchange->request.body, translator_->config().search, options_.limits);
  const std::size_t tokens = count_tokens("sentence", query.sentence, options_.limits.explained);
  Job job = job_of(*exchange);
  job.work = {kExplainWork * query.search.beam * (tokens + 1)};
  job.task = [this, exchange, query = std::move(query)] {
    finish(exchange, reply_of([&] { return json_reply(options_.explain(query)); }));
  };
  queue_.submit(std::move(job));
}

void Service::model(const ExchangePointer& exchange) {
  const Seq2SeqConfig& config = translator_->config().model;
  const SearchConfig& search = translator_->config().search;
  const ServerLimits& limits = options_.limits;
  Json description{
      {"name", options_.name},
      {"attention", name_of(kAttentionNames, config.attention)},
      {"score", name_of(kScoreNames, config.score)},
      {"attend_from", name_of(kAttendFromNames, config.attend_from)},
      {"embedding", config.embedding},
      {"encoder_hidden", config.encoder_hidden},
      {"bidirectional", config.bidirectional},
      {"hidden", config.hidden},
      {"layers", config.layers},
      {"parameters", translator_->model().store().element_count()},
      {"source_vocabulary", config.source_vocabulary},
      {"target_vocabulary", config.target_vocabulary},
      {"search",
       {{"beam", search.beam}, {"nbest", search.nbest}, {"length_penalty", search.length_penalty}}},
      {"limits",
       {{"body", limits.body},
        {"sentences", limits.sentences},
        {"tokens", limits.tokens},
        {"explained", limits.explained},
        {"beam", limits.beam},
        {"work", limits.work}}}};
  finish(exchange, json_reply(description));
}

void Service::health(const ExchangePointer& exchange) {
  finish(exchange, {200, "text/plain", "ok\n"});
}

void Service::show_metrics(const ExchangePointer& exchange) {
  finish(exchange, {200, "text/plain; version=0.0.4", metrics_.text()});
}

}  // namespace babelgrad::apps
