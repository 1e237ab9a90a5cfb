#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/ip/address.hpp>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <new>
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
  std::vector<std::string> models, hosts, proxies;
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

int signal_pipe[2];  // what the handler writes, Signals reads
std::atomic<bool> ending{false};

// The signals to end and to load again. They come to whichever thread, also one of a library: so
// they are handled, and not blocked and awaited.
class Signals {
 public:
  Signals() {
    if (::pipe2(signal_pipe, O_CLOEXEC) != 0) throw std::bad_alloc();
    ::fcntl(signal_pipe[1], F_SETFL, O_NONBLOCK);  // where it is full, enough has been said
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) std::signal(signal, take);
    std::signal(SIGPIPE, SIG_IGN);  // of the access log
  }
  // True: to load again, once for all that came since the last time.
  static bool wait_for_reload() {
    char signals[256];
    while (::read(signal_pipe[0], signals, sizeof signals) <= 0) {
    }
    return !ending;
  }

 private:
  // A second signal to end does so at once, also while models are loaded; there is nothing to load
  // any more.
  static void take(int signal) {
    const int error = errno;
    if (signal != SIGHUP) {
      ending = true;
      for (const int end : {SIGINT, SIGTERM}) std::signal(end, SIG_DFL);
      std::signal(SIGHUP, SIG_IGN);
    }
    const char byte = static_cast<char>(signal);
    [[maybe_unused]] const ssize_t written = ::write(signal_pipe[1], &byte, 1);
    errno = error;
  }
};

// "NAME=FOLDER", or a folder, after which the model is called then.
struct NamedFolder {
  explicit NamedFolder(const std::string& argument) {
    const std::size_t equals = argument.find('=');
    const bool named = equals != std::string::npos && argument.find('/') > equals;
    folder = named ? argument.substr(equals + 1) : argument;
    name = named ? argument.substr(0, equals) : folder_name(folder);
    if (name.empty() || folder.empty())
      throw UsageError("--model " + argument + ": need a folder, or NAME=FOLDER");
  }
  std::string name, folder;
};

ServedModel served_model(const NamedFolder& place, std::shared_ptr<const Translator> translator) {
  ServedModel model;
  model.name = place.name;
  model.translator = translator;
  model.page = make_page("explain", model.name, {{"models", Json::array()}, {"live", true}});
  model.explain = [translator, place](const ExplainQuery& query) {
    return explain_document({{place.name, translator.get(), query.search, place.folder}},
                            query.sentence, query.intervention);
  };
  return model;
}

ServedModels load_models(const ServeOptions& options) {
  std::vector<std::shared_ptr<Translator>> translators;
  std::vector<Translator*> all;
  for (const std::string& argument : options.models) {
    translators.push_back(
        std::make_shared<Translator>(options.model.load(NamedFolder(argument).folder)));
    all.push_back(translators.back().get());
  }
  attach_features(all, options.model.features);
  options.model.shortlist.apply(all);
  ServedModels models;
  for (std::size_t k = 0; k < options.models.size(); ++k) {
    const std::string& argument = options.models[k];
    if (translators[k]->reads_features() && !translators[k]->features())
      throw UsageError("--model " + argument +
                       ": the model reads features; need --source-features");
    models.push_back(served_model(NamedFolder(argument), translators[k]));
    for (std::size_t i = 0; i + 1 < models.size(); ++i)
      if (models[i].name == models.back().name)
        throw UsageError("--model " + argument + ": another model is called " + models[i].name +
                         "; need --model NAME=" + argument);
  }
  return models;
}

bool is_loopback(const std::string& host) {
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(host, error);
  return error ? is_local_host(host) : address.is_loopback();
}

// As it stands in an address.
std::string in_address(const std::string& host) {
  return host.find(':') == std::string::npos ? host : "[" + host + "]";
}

// What no request could match would only seem to be a setting.
void require_meaning(const ServeOptions& options) {
  for (const std::string& host : options.hosts)
    if (host.empty() || host.find_first_of("/: *") != std::string::npos)
      throw UsageError("--allow-host: need a name, without scheme or port; got \"" + host + "\"");
  for (const std::string& proxy : options.proxies)
    if (canonical_address(proxy).empty())
      throw UsageError("--trusted-proxy: need an IP address; got \"" + proxy + "\"");
}

ServiceOptions service_options(const ServeOptions& options) {
  require_meaning(options);
  ServiceOptions service;
  service.models = load_models(options);
  service.threads = options.model.threads;
  service.limits = options.limits;
  service.limits.connections = std::min(options.limits.connections, raise_descriptor_limit());
  service.limits.explained = std::min(kLongestExplained, options.limits.tokens);
  service.local_only = is_loopback(options.host);
  for (const std::string& name : options.hosts) service.hosts.insert(text::lowercase(name));
  if (service.local_only && !is_local_host(in_address(options.host)))  // 127.0.0.2, say
    service.hosts.insert(text::lowercase(in_address(options.host)));
  for (const std::string& proxy : options.proxies)
    service.trusted_proxies.insert(canonical_address(proxy));
  if (!options.token_file.empty()) service.tokens = AccessTokens::load(options.token_file);
  if (!options.access_log.empty()) service.log = std::make_shared<AccessLog>(options.access_log);
  return service;
}

// What cannot be loaded is said, and the models that are there go on.
void reload(Service& service, const ServeOptions& options, AccessLog* log) {
  bool all = true;
  const auto load = [&](const auto& part) {
    try {
      part();
    } catch (const std::exception& error) {
      all = false;
      std::fprintf(stderr, "not loaded again: %s\n", error.what());
    }
  };
  load([&] {
    if (log != nullptr) log->reopen();
  });
  load([&] {  // a pipe gives its tokens once
    if (!options.token_file.empty() && !std::filesystem::is_fifo(options.token_file))
      service.replace_tokens(AccessTokens::load(options.token_file));
  });
  load([&] { service.replace_models(load_models(options)); });
  if (all) std::fprintf(stderr, "loaded again\n");
}

int run_serve(const ServeOptions& options) {
  std::signal(SIGHUP, SIG_IGN);  // all is about to be loaded
  ServiceOptions settings = service_options(options);
  Signals signals;
  const std::shared_ptr<AccessLog> log = settings.log;
  Service service(std::move(settings));
  std::optional<HttpServer> server;
  try {
    server.emplace(service, options.host, options.port);
  } catch (const ListenError& error) {
    throw UsageError(error.what());
  }
  std::string names;
  for (const std::string& model : options.models) names += (names.empty() ? "" : ", ") + model;
  std::fprintf(stderr, "serving %s at http://%s:%d/ (Ctrl-C stops)\n", names.c_str(),
               in_address(options.host).c_str(), server->port());
  while (signals.wait_for_reload()) reload(service, options, log.get());
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
  add("--all-bodies", limits.all_bodies, std::size_t{1} << 40,
      "bytes of all requests that come or wait; then 503");
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
    command.add_option(flag, list, meaning)
        ->type_name(type)
        ->default_str("")
        ->take_all()
        ->allow_extra_args(false);
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
  command
      ->add_option("--model", options->models,
                   "model folder; may be repeated, the first one answers where none is named")
      ->type_name("[NAME=]DIR")
      ->default_str("")
      ->required()
      ->take_all()
      ->allow_extra_args(false);
  options->model.add_features(*command);
  options->model.add_settings(*command, SearchFlags::with);
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
