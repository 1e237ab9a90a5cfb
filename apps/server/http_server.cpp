#include "babelgrad/apps/server/http_server.h"

#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "babelgrad/apps/server/connection.h"
#include "babelgrad/apps/server/session.h"

namespace babelgrad::apps {
namespace {

constexpr std::size_t kRefusingThreads = 4;  // beyond those that serve
constexpr std::chrono::seconds kRefusalTime{1};
constexpr std::size_t kHeaderBytes = 64 << 10;
constexpr int kBacklog = 128;

// A body may also come in small chunks, each with a length of its own.
std::size_t request_bytes(const ServerLimits& limits) { return kHeaderBytes + 2 * limits.body; }

std::string listen_message(const std::string& host, int port, int error) {
  const std::string address = host + ":" + std::to_string(port);
  if (error == EADDRINUSE) return address + ": the port is in use";
  return address + ": " + std::strerror(error);
}

}  // namespace

HttpServer::HttpServer(Service& service, const std::string& host, int port)
    : service_(service), stop_event_(::eventfd(0, EFD_CLOEXEC)) {
  // httplib's own options would let a second server share the port.
  set_socket_options([this](socket_t socket) {
    const int on = 1;
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    listener_ = socket;
  });
  const std::size_t threads = service.limits().connections + kRefusingThreads;
  new_task_queue = [threads] { return new httplib::ThreadPool(threads); };
  port_ = port == 0 ? bind_to_any_port(host) : bind_to_port(host, port) ? port : -1;
  const int error = errno;
  if (port_ < 0) {
    ::close(stop_event_);
    if (listener_ < 0) throw ListenError(host + ": no such host");
    throw ListenError(listen_message(host, port, error));
  }
  ::listen(listener_, kBacklog);  // httplib's backlog of 5 drops connections that come together
  thread_ = std::thread([this] { listen_after_bind(); });
  while (!is_running()) std::this_thread::yield();
}

HttpServer::~HttpServer() {
  stop();
  ::close(stop_event_);
}

void HttpServer::stop() {
  if (stopping_.exchange(true)) return;
  ::eventfd_write(stop_event_, 1);
  httplib::Server::stop();
  thread_.join();
}

bool HttpServer::process_and_close_socket(socket_t socket) {
  const std::size_t open = ++open_;
  const bool refuse = open > service_.limits().connections;
  if (refuse) {
    --open_;
    service_.metrics().count_refused_connection();
  } else {
    service_.metrics().set_connections(open);
  }
  try {
    serve_connection(socket, refuse);
  } catch (const std::bad_alloc&) {  // this connection is lost, the server goes on
  }
  if (!refuse) service_.metrics().set_connections(--open_);
  return true;
}

void HttpServer::serve_connection(int socket, bool refuse) {
  using std::chrono::seconds;
  const ServerLimits& limits = service_.limits();
  const seconds client = refuse ? kRefusalTime : seconds(limits.client_seconds);
  const seconds idle = refuse ? kRefusalTime : seconds(limits.idle_seconds);
  Connection connection(socket);
  Session session(service_, connection, refuse ? Session::Kind::refusing : Session::Kind::serving);
  bool more = true;
  while (more && connection.wait(idle, stop_event_)) {
    connection.begin_request(request_bytes(limits), client);
    more = session.serve(stopping_ || refuse) && connection.flush();
  }
}

}  // namespace babelgrad::apps
