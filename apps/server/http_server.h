// The sockets of `babelgrad serve`: listens, gives each connection a thread, and stops gracefully.
//
// A connection keeps its thread while it is open, also between requests: as many are served as
// limits.connections says, and more are told to come again (503).
#pragma once

#include <httplib.h>

#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>

#include "babelgrad/apps/server/service.h"

namespace babelgrad::apps {

// The address cannot be had.
class ListenError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

class HttpServer : private httplib::Server {
 public:
  // Listens and serves from then on; port 0: a free one. Throws ListenError
  // "127.0.0.1:8080: the port is in use".
  HttpServer(Service& service, const std::string& host, int port);
  ~HttpServer() override;

  int port() const { return port_; }
  // Accepts nothing more, lets the requests under way finish, closes all connections.
  void stop();

 private:
  bool process_and_close_socket(socket_t socket) override;
  void serve_connection(int socket, bool refuse);

  Service& service_;
  int listener_ = -1;
  int stop_event_;  // readable once the server stops
  int port_ = 0;
  std::atomic<std::size_t> open_{0};  // connections that are served
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace babelgrad::apps
