#include "babelgrad/apps/server/service.h"

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <nlohmann/json.hpp>

#include "babelgrad/apps/server/openapi.h"
#include "babelgrad/apps/server/request_id.h"
#include "babelgrad/text/unicode.h"

namespace babelgrad::apps {
namespace {

using Clock = std::chrono::steady_clock;

constexpr const char* kJson = "application/json";
// Bytes of a sentence for each token that it may have; with more it is not even split into tokens,
// since that may take long.
constexpr std::size_t kLongestToken = 32;
// A longer body is parsed on a thread of its own, so that health and metrics need not wait.
constexpr std::size_t kParsedAtOnce = 32 << 10;
constexpr const char* kHealth = "/healthz";
constexpr const char* kLibre = "/translate";  // whose token may be in the body
constexpr std::size_t kExplainWork = 4;       // times that of a search
// The page brings its own scripts and styles, and may talk to nobody but this server.
constexpr const char* kPagePolicy =
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

// Of an entry of X-Forwarded-For: some proxies add the port, "192.0.2.1:4711" or
// "[2001:db8::1]:4711".
std::string without_port(const std::string& entry) {
  if (entry.starts_with('[')) return entry.substr(1, entry.find(']') - 1);
  const std::size_t colon = entry.find(':');
  return colon == entry.rfind(':') ? entry.substr(0, colon) : entry;
}

bool is_json(const std::string& content_type) {
  std::string type = text::lowercase(content_type.substr(0, content_type.find(';')));
  while (!type.empty() && type.back() == ' ') type.pop_back();
  return type == kJson;
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
  std::shared_ptr<const ServedModels> models;  // that it began with
  Gone gone = std::make_shared<std::atomic<bool>>(false);
  Clock::time_point start = Clock::now();
};

struct Service::Preparation {
  boost::asio::thread_pool thread{1};
};

Service::Service(ServiceOptions options)
    : options_(std::move(options)),
      models_(std::make_shared<const ServedModels>(std::move(options_.models))),
      tokens_(options_.tokens ? std::make_shared<const AccessTokens>(*options_.tokens) : nullptr),
      queue_(metrics_, options_.threads,
             {options_.limits.batch, options_.limits.queue, options_.limits.client_queue}),
      preparation_(std::make_unique<Preparation>()) {}

Service::~Service() = default;

void Service::replace_models(ServedModels models) {
  auto replacement = std::make_shared<const ServedModels>(std::move(models));
  const std::lock_guard lock(replace_mutex_);
  models_.swap(replacement);
}

void Service::replace_tokens(AccessTokens tokens) {
  auto replacement = std::make_shared<const AccessTokens>(std::move(tokens));
  const std::lock_guard lock(replace_mutex_);
  tokens_.swap(replacement);
}

std::shared_ptr<const ServedModels> Service::models() const {
  const std::lock_guard lock(replace_mutex_);
  return models_;
}

std::shared_ptr<const AccessTokens> Service::tokens() const {
  const std::lock_guard lock(replace_mutex_);
  return tokens_;
}

const std::map<std::string, Service::Route>& Service::routes() {
  static const std::map<std::string, Route> routes{
      {"/", {"GET", &Service::page}},
      {kLibre, {"POST", &Service::translate_libre}},
      {"/openapi.json", {"GET", &Service::openapi}},
      {"/api/translate", {"POST", &Service::translate}},
      {"/api/explain", {"POST", &Service::explain}},
      {"/api/model", {"GET", &Service::model}},
      {kHealth, {"GET", &Service::health}},
      {"/metrics", {"GET", &Service::show_metrics}}};
  return routes;
}

std::vector<std::string> Service::route_names() {
  std::vector<std::string> names;
  for (const auto& [path, route] : routes()) names.push_back(route.method + (" " + path));
  return names;
}

bool Service::is_known_host(const std::string& host) const {
  if (!options_.local_only && options_.hosts.empty()) return true;
  return is_local_host(host) || options_.hosts.count(host_name(host)) > 0;
}

HttpReply Service::check(const HttpRequest& request) const {
  if (!is_known_host(request.host))
    return error_reply(421, options_.hosts.empty() ? "this server answers to localhost only"
                                                   : "this server does not answer to that host");
  const auto known = tokens();
  const bool needs_token = known && request.path != kHealth && request.path != kLibre;
  if (needs_token && !known->holder(request.authorization))
    return error_reply(401, "need a valid token: Authorization: Bearer TOKEN");
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
  if (const auto known = tokens())
    if (const auto holder = known->holder(request.authorization)) return *holder;
  const std::string& forwarded = request.forwarded_for;  // each proxy adds whom it hears at the end
  if (!is_trusted_proxy(request.client)) return request.client;
  const std::size_t last = forwarded.find_last_of(", ");
  const std::string client =
      without_port(last == std::string::npos ? forwarded : forwarded.substr(last + 1));
  return client.empty() ? request.client : client;
}

Gone Service::handle(HttpRequest request, Respond respond) {
  const auto exchange = std::make_shared<Exchange>();
  request.id = request_id(request.id);
  request.client = client_of(request);
  exchange->request = std::move(request);
  exchange->respond = std::move(respond);
  exchange->models = models();
  const HttpReply objection = check(exchange->request);
  if (objection.status != 200) {
    finish(exchange, objection);
  } else {
    const Route& route = routes().at(exchange->request.path);
    if (exchange->request.body.size() <= kParsedAtOnce)
      run(route, exchange);
    else
      boost::asio::post(preparation_->thread, [this, &route, exchange] {
        try {
          run(route, exchange);
        } catch (const std::bad_alloc&) {  // the client's deadline answers
        }
      });
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

std::size_t Service::count_tokens(const ServedModel& model, const std::string& key,
                                  const std::string& sentence, std::size_t limit) {
  if (sentence.size() > kLongestToken * limit)
    throw RequestError(413, key + " has " + std::to_string(sentence.size()) + " bytes; at most " +
                                std::to_string(kLongestToken * limit) + ", " +
                                std::to_string(kLongestToken) + " for each of " +
                                std::to_string(limit) + " tokens");
  const std::size_t tokens = model.translator->encode_source(sentence).items();
  if (tokens > limit)
    throw RequestError(
        413, key + " has " + std::to_string(tokens) + " tokens; at most " + std::to_string(limit));
  return tokens;
}

const ServedModel& Service::model_of(const Exchange& exchange, const std::string& name) {
  return find_model(*exchange.models,
                    name.empty() ? query_value(exchange.request.query, "model") : name);
}

void Service::page(const ExchangePointer& exchange) {
  finish(exchange,
         {200,
          "text/html; charset=utf-8",
          model_of(*exchange, "").page,
          {{"Content-Security-Policy", kPagePolicy}, {"Referrer-Policy", "no-referrer"}}});
}

void Service::model(const ExchangePointer& exchange) {
  finish(exchange, model_reply(model_of(*exchange, ""), *exchange->models, options_.limits));
}

void Service::translate(const ExchangePointer& exchange) {
  const ServedModel* model = nullptr;
  TranslateQuery query = parse_translate(
      exchange->request.body,
      [&](const std::string& name) {
        model = &model_of(*exchange, name);
        return model->translator->config().search;
      },
      options_.limits);
  search(exchange, *model, std::move(query.sentences), query.search,
         [alignments = query.alignments](const Translations& results) {
           return translations_reply(results, alignments);
         });
}

void Service::translate_libre(const ExchangePointer& exchange) {
  const LibreQuery query = parse_libre(exchange->request.body, options_.limits);
  if (const auto known = tokens(); known && !known->holder(exchange->request.authorization)) {
    exchange->request.authorization = "Bearer " + query.api_key;
    if (!known->holder(exchange->request.authorization))
      throw RequestError(401, "need a valid api_key");
    exchange->request.client = client_of(exchange->request);
  }
  const std::string name = query_value(exchange->request.query, "model");
  const ServedModel& model = name.empty()
                                 ? find_model(*exchange->models, query.source, query.target)
                                 : find_model(*exchange->models, name);
  std::vector<std::string> sentences;
  for (const std::string& text : query.texts)
    for (const std::string& line : lines_of_text(text))
      if (!line.empty()) sentences.push_back(line);
  if (sentences.size() > options_.limits.sentences)
    throw RequestError(413, "q has " + std::to_string(sentences.size()) + " lines; at most " +
                                std::to_string(options_.limits.sentences));
  SearchConfig settings = model.translator->config().search;
  settings.nbest = query.alternatives + 1;
  settings.beam = std::min(std::max(settings.beam, settings.nbest), options_.limits.beam);
  search(exchange, model, std::move(sentences), settings,
         [query](const Translations& results) { return libre_reply(query, results); });
}

void Service::search(const ExchangePointer& exchange, const ServedModel& model,
                     std::vector<std::string> sentences, const SearchConfig& settings,
                     std::function<HttpReply(const Translations&)> reply) {
  const ServerLimits& limits = options_.limits;
  const std::size_t most = std::min(limits.queue, limits.client_queue);
  if (sentences.size() > most)
    throw RequestError(413, std::to_string(sentences.size()) + " sentences; at most " +
                                std::to_string(most) + " may wait");
  Job job = job_of(*exchange);
  std::size_t work = 0;
  for (std::size_t i = 0; i < sentences.size(); ++i) {
    const std::string key = "sentences[" + std::to_string(i) + "]";
    const std::size_t tokens = count_tokens(model, key, sentences[i], limits.tokens);
    job.work.push_back(settings.beam * (tokens + 1));
    work += job.work.back();
  }
  if (work > limits.work)
    throw RequestError(413, "the sentences are " + std::to_string(work) +
                                " of work (beam x tokens); at most " + std::to_string(limits.work));
  job.translator = model.translator;
  job.sentences = std::move(sentences);
  job.search = settings;
  job.done = [this, exchange, reply = std::move(reply)](const Translations& results, auto error) {
    finish(exchange, reply_of([&] {
             if (error) std::rethrow_exception(error);
             return reply(results);
           }));
  };
  queue_.submit(std::move(job));
}

Job Service::job_of(const Exchange& exchange) {
  Job job;
  job.client = exchange.request.client;
  job.gone = exchange.gone;
  return job;
}

void Service::explain(const ExchangePointer& exchange) {
  const ServedModel* model = nullptr;
  ExplainQuery query = parse_explain(
      exchange->request.body,
      [&](const std::string& name) {
        model = &model_of(*exchange, name);
        return model->translator->config().search;
      },
      options_.limits);
  const std::size_t tokens =
      count_tokens(*model, "sentence", query.sentence, options_.limits.explained);
  Job job = job_of(*exchange);
  job.work = {kExplainWork * query.search.beam * (tokens + 1)};
  job.task = [this, exchange, model, query = std::move(query)] {
    finish(exchange, reply_of([&] { return json_reply(model->explain(query)); }));
  };
  queue_.submit(std::move(job));
}

void Service::openapi(const ExchangePointer& exchange) { finish(exchange, {200, kJson, kOpenApi}); }

void Service::health(const ExchangePointer& exchange) {
  finish(exchange, {200, "text/plain", "ok\n"});
}

void Service::show_metrics(const ExchangePointer& exchange) {
  finish(exchange, {200, "text/plain; version=0.0.4", metrics_.text()});
}

}  // namespace babelgrad::apps
