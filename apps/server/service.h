// What the server answers: a function from requests to replies that knows of no sockets.
//
//   GET  /               the live page
//   POST /api/translate  {"sentences": [...], "beam", "nbest", "alignments"}
//   POST /api/explain    {"sentence": "...", "beam", "masked", "weights"}
//   GET  /api/model      what the model is, and the limits
//   GET  /healthz        "ok"
//   GET  /metrics        Prometheus text
//
// Everything that goes wrong is answered with a status of 4xx or 5xx and {"error": "one sentence"}.
#pragma once

#include <functional>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "babelgrad/apps/server/batch_queue.h"
#include "babelgrad/apps/server/queries.h"
#include "babelgrad/apps/server/server_metrics.h"

namespace babelgrad::apps {

struct HttpRequest {
  std::string method;        // "POST"
  std::string path;          // "/api/translate", without the query
  std::string host;          // the Host header
  std::string content_type;  // the Content-Type header
  std::string body;
  std::size_t length = 0;  // of a body that has not come, as the client declares it, bytes
};

struct HttpReply {
  int status = 200;
  std::string content_type;
  std::string body;
  std::map<std::string, std::string> headers = {};
};

struct ServiceOptions {
  std::string name;         // of the model: its folder's name
  std::size_t threads = 0;  // that compute; 0: one a core
  ServerLimits limits;
  // Answer only requests whose Host is this machine by name or number: a page of another site
  // whose name was pointed at this machine (DNS rebinding) does not get through.
  bool local_only = true;
  std::string page;  // the HTML that GET / gives
  // The document of the explain page; runs on a worker thread. Errors of the request are
  // RequestError.
  std::function<nlohmann::json(const ExplainQuery&)> explain;
};

// Thread-safe. The translator must outlive it.
class Service {
 public:
  Service(const Translator& translator, ServiceOptions options);

  HttpReply handle(const HttpRequest& request);

  // Whether handle needs the body: false if it refuses the request whatever that is.
  bool wants_body(const HttpRequest& request) const { return check(request).status == 200; }

  const ServerLimits& limits() const { return options_.limits; }
  ServerMetrics& metrics() { return metrics_; }

 private:
  using Handler = HttpReply (Service::*)(const HttpRequest&);
  struct Route {
    const char* method;
    Handler handler;
  };
  static const std::map<std::string, Route>& routes();

  HttpReply check(const HttpRequest& request) const;  // all but the body; status 200: no objection

  HttpReply page(const HttpRequest& request);
  HttpReply translate(const HttpRequest& request);
  HttpReply explain(const HttpRequest& request);
  HttpReply model(const HttpRequest& request);
  HttpReply health(const HttpRequest& request);
  HttpReply show_metrics(const HttpRequest& request);
  HttpReply run(const Route& route, const HttpRequest& request);
  void require_short(const std::string& key, const std::string& sentence, std::size_t limit) const;

  const Translator& translator_;
  ServiceOptions options_;
  ServerMetrics metrics_;
  BatchQueue queue_;
};

// {"error": message}, with "Retry-After" if the status is 503.
HttpReply error_reply(int status, const std::string& message);

// Whether a Host header ("localhost:8080", "127.0.0.1", "[::1]:8080") names this machine.
bool is_local_host(const std::string& host);

}  // namespace babelgrad::apps
