// What the server answers: from requests to replies, without knowing of sockets.
//
//   GET  /               the live page
//   POST /api/translate  {"sentences": [...], "beam", "nbest", "alignments"}
//   POST /api/explain    {"sentence": "...", "beam", "masked", "weights"}
//   POST /translate      {"q": "...", "source", "target"}, as LibreTranslate has it
//   GET  /api/model      what the model is, and the limits
//   GET  /openapi.json   this list, for programs
//   GET  /healthz        "ok"
//   GET  /metrics        Prometheus text
//
// Everything that goes wrong is answered with a status of 4xx or 5xx and {"error": "one sentence"}.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "babelgrad/apps/server/access_log.h"
#include "babelgrad/apps/server/access_tokens.h"
#include "babelgrad/apps/server/batch_queue.h"
#include "babelgrad/apps/server/http_message.h"
#include "babelgrad/apps/server/replies.h"
#include "babelgrad/apps/server/server_metrics.h"

namespace babelgrad::apps {

struct ServiceOptions {
  ServedModels models;
  std::size_t threads = 0;  // that compute; 0: one a core
  ServerLimits limits;
  // Answer only requests whose Host is this machine by name or number: a page of another site
  // whose name was pointed at this machine (DNS rebinding) does not get through.
  bool local_only = true;
  // Names besides, in small letters, that Host may have.
  std::set<std::string> hosts = {};
  // Who may ask for anything but health; missing: everybody.
  std::optional<AccessTokens> tokens = {};
  std::shared_ptr<AccessLog> log = {};
  // Addresses whose X-Forwarded-For names the client.
  std::set<std::string> trusted_proxies = {};
};

// Thread-safe.
class Service {
 public:
  using Respond = std::function<void(HttpReply)>;

  explicit Service(ServiceOptions options);
  ~Service();

  // From here on requests are answered with these; those under way keep theirs.
  void replace_models(ServedModels models);
  void replace_tokens(AccessTokens tokens);

  // Answers by calling `respond` once: at once, or later from another thread. Whoever does not wait
  // for it any longer sets the flag that it returns, and may then get no answer.
  Gone handle(HttpRequest request, Respond respond);

  // Whether handle needs the body: false if it refuses the request whatever that is.
  bool wants_body(const HttpRequest& request) const { return check(request).status == 200; }

  // Counts and logs a reply, and adds what all replies have: for replies that handle does not make.
  // request: without its body; empty if there was none.
  void complete(const HttpRequest& request, HttpReply& reply, double seconds);

  // Whose turns and limits a request has that comes from the address request.client.
  std::string client_of(const HttpRequest& request) const;
  bool is_trusted_proxy(const std::string& address) const {
    return options_.trusted_proxies.count(address) > 0;
  }
  // "GET /healthz" and so on: all that there is.
  static std::vector<std::string> route_names();

  const ServerLimits& limits() const { return options_.limits; }
  ServerMetrics& metrics() { return metrics_; }

 private:
  struct Exchange;  // a request and where its reply goes
  using ExchangePointer = std::shared_ptr<Exchange>;
  struct Preparation;
  struct Route {
    const char* method;
    void (Service::*handler)(const ExchangePointer&);
  };
  static const std::map<std::string, Route>& routes();

  bool is_known_host(const std::string& host) const;
  HttpReply check(const HttpRequest& request) const;  // all but the body; status 200: no objection
  void run(const Route& route, const ExchangePointer& exchange);
  void finish(const ExchangePointer& exchange, HttpReply reply);

  void page(const ExchangePointer& exchange);
  void translate(const ExchangePointer& exchange);
  void translate_libre(const ExchangePointer& exchange);
  void explain(const ExchangePointer& exchange);
  void model(const ExchangePointer& exchange);
  void openapi(const ExchangePointer& exchange);
  void health(const ExchangePointer& exchange);
  void show_metrics(const ExchangePointer& exchange);
  static Job job_of(const Exchange& exchange);  // without what it is to do
  // The model of this name; "": the one that the address names.
  static const ServedModel& model_of(const Exchange& exchange, const std::string& name);
  // Has the sentences searched, and answers with what `reply` makes of it.
  void search(const ExchangePointer& exchange, const ServedModel& model,
              std::vector<std::string> sentences, const SearchConfig& settings,
              std::function<HttpReply(const Translations&)> reply);
  // Tokens of a sentence, without eos. Throws RequestError if there are more than `limit`.
  static std::size_t count_tokens(const ServedModel& model, const std::string& key,
                                  const std::string& sentence, std::size_t limit);
  std::shared_ptr<const ServedModels> models() const;
  std::shared_ptr<const AccessTokens> tokens() const;  // null: everybody may ask

  ServiceOptions options_;
  mutable std::mutex replace_mutex_;
  std::shared_ptr<const ServedModels> models_;
  std::shared_ptr<const AccessTokens> tokens_;
  ServerMetrics metrics_;
  BatchQueue queue_;
  std::unique_ptr<Preparation> preparation_;
};

// Whether a Host header ("localhost:8080", "127.0.0.1", "[::1]:8080") names this machine.
bool is_local_host(const std::string& host);

}  // namespace babelgrad::apps
