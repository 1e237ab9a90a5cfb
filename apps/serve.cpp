#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <optional>

#include "babelgrad/apps/explain_document.h"
#include "babelgrad/apps/model_options.h"
#include "babelgrad/apps/server/http_server.h"
#include "babelgrad/apps/web/pages.h"
#include "babelgrad/text/unicode.h"

namespace babelgrad::apps {
namespace {

using Json = nlohmann::json;

struct ServeOptions {
  ModelOptions model;
  std::string host = "127.0.0.1";
  int port = 8080;
  ServerLimits limits;
  std::vector<std::string> hosts, proxies;
  std::string token_file, access_log;
};

constexpr std::size_t kOwnDescriptors = 320;  // for connections that are refused, and all else

// As many open files as the system permits; how many of them may be clients' connections.
std::size_t raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return kOwnDescriptors;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  return std::max<std::size_t>(limit.rlim_cur, 2 * kOwnDescriptors) - kOwnDescriptors;
}

// The signals that end the server, which from construction on wait to be taken.
class StopSignals {
 public:
  StopSignals() {
    ::sigemptyset(&signals_);
    ::sigaddset(&signals_, SIGINT);
    ::sigaddset(&signals_, SIGTERM);
    ::pthread_sigmask(SIG_BLOCK, &signals_, nullptr);  // threads that start later inherit it
  }
  // A second signal then ends the program at once.
  void wait() {
    int signal = 0;
    ::sigwait(&signals_, &signal);
    ::pthread_sigmask(SIG_UNBLOCK, &signals_, nullptr);
  }

 private:
  sigset_t signals_;
};

int run_serve(const ServeOptions& options) {
  StopSignals signals;
  const std::size_t descriptors = raise_descriptor_limit();
  const auto translator = std::make_shared<const Translator>(options.model.load());
  ServiceOptions service_options;
  service_options.name = folder_name(options.model.folder());
  service_options.threads = options.model.threads;
  service_options.limits = options.limits;
  service_options.limits.connections = std::min(options.limits.connections, descriptors);
  for (const std::string& name : options.hosts) service_options.hosts.insert(text::lowercase(name));
  if (!options.token_file.empty()) service_options.tokens = AccessTokens::load(options.token_file);
  if (!options.access_log.empty())
    service_options.log = std::make_shared<AccessLog>(options.access_log);
  service_options.trusted_proxies.insert(options.proxies.begin(), options.proxies.end());
  service_options.limits.explained = std::min(kLongestExplained, options.limits.tokens);
  service_options.page =
      make_page("explain", service_options.name, {{"models", Json::array()}, {"live", true}});
  service_options.explain = [translator, name = service_options.name,
                             folder = options.model.folder()](const ExplainQuery& query) {
    return explain_document({{name, translator.get(), query.search, folder}}, query.sentence,
                            query.intervention);
  };
  service_options.local_only = is_local_host(options.host) || options.host == "::1";
  Service service(translator, std::move(service_options));
  std::optional<HttpServer> server;
  try {
    server.emplace(service, options.host, options.port);
  } catch (const ListenError& error) {
    throw UsageError(error.what());
  }
  const bool ipv6 = options.host.find(':') != std::string::npos;
  const std::string host = ipv6 ? "[" + options.host + "]" : options.host;
  std::fprintf(stderr, "serving %s at http://%s:%d/ (Ctrl-C stops)\n",
               options.model.folder().c_str(), host.c_str(), server->port());
  signals.wait();
  std::fprintf(stderr, "stopping\n");
  server->stop();
  return 0;
}

void add_limits(CLI::App& command, ServerLimits& limits) {
  const auto add = [&](const char* flag, std::size_t& value, std::size_t high,
                       const char* meaning) {
    command.add_option(flag, value, meaning)
        ->type_name("N")
        ->check(CLI::Range(std::size_t{1}, high))
        ->capture_default_str();
  };
  add("--max-body", limits.body, 1 << 30, "longest body of a request, bytes");
  add("--max-sentences", limits.sentences, 100000, "sentences of one request");
  add("--max-tokens", limits.tokens, 2000, "tokens of one sentence");
  add("--max-beam", limits.beam, 1000, "largest beam that a request may ask for");
  add("--queue", limits.queue, 1000000, "sentences that may wait; then 503");
  add("--batch", limits.batch, 4096, "sentences of several requests searched together");
  add("--max-work", limits.work, 1000000000, "beam x tokens of all sentences of one request");
  add("--client-queue", limits.client_queue, 1000000, "sentences of one client that may wait");
  add("--connections", limits.connections, 1000000, "open at a time; then 503");
  add("--client-connections", limits.client_connections, 1000000,
      "open at a time from one address");
  add("--client-timeout", limits.client_seconds, 3600,
      "seconds for a client to send a request or take a reply");
  add("--deadline", limits.deadline_seconds, 86400,
      "seconds for the answer to a request; then 504");
  add("--idle-timeout", limits.idle_seconds, 3600, "seconds that a connection may stay unused");
}

void add_access(CLI::App& command, ServeOptions& options) {
  const auto add_list = [&](const char* flag, std::vector<std::string>& list, const char* type,
                            const char* meaning) {
    command.add_option(flag, list, meaning)->type_name(type)->take_all()->allow_extra_args(false);
  };
  add_list("--allow-host", options.hosts, "NAME",
           "host to answer to besides localhost; may be repeated");
  add_list("--trusted-proxy", options.proxies, "ADDRESS",
           "proxy whose X-Forwarded-For names the client; may be repeated");
  command
      .add_option("--token-file", options.token_file,
                  "answer only who has a token of this file: one a line, and its name")
      ->type_name("FILE");
  command
      .add_option("--access-log", options.access_log,
                  "append a line of JSON a request; -: standard output")
      ->type_name("FILE");
}

}  // namespace

Run add_serve(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("serve", "Answer over HTTP: a live page, and a JSON interface");
  auto options = std::make_shared<ServeOptions>();
  options->model.add(*command, SearchFlags::with);
  command->add_option("--host", options->host, "address to listen at; 0.0.0.0: all")
      ->type_name("HOST")
      ->capture_default_str();
  command->add_option("--port", options->port, "port to listen at; 0: a free one")
      ->type_name("N")
      ->check(CLI::Range(0, 65535))
      ->capture_default_str();
  add_access(*command, *options);
  add_limits(*command, options->limits);
  return [options] { return run_serve(*options); };
}

}  // namespace babelgrad::apps
