// The sockets of `babelgrad serve`: listens, gives each connection a Session, and stops gracefully.
// One thread does it all; what takes longer than a moment is done by the service's workers.
//
// As many connections are served as limits.connections says, and as limits.client_connections says
// of one address. Beyond that they are told to come again (503), but health and metrics are
// answered even then.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

#include "babelgrad/apps/server/service.h"

namespace babelgrad::apps {

// The address cannot be had.
class ListenError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

// As clients' addresses are written: "2001:DB8::0:1" as "2001:db8::1", "::ffff:192.0.2.1" as
// "192.0.2.1". Empty if the text is no address.
std::string canonical_address(const std::string& text);

class HttpServer {
 public:
  // Listens and serves from then on; port 0: a free one. Throws ListenError
  // "127.0.0.1:8080: the port is in use".
  HttpServer(Service& service, const std::string& host, int port);
  ~HttpServer();

  int port() const;
  // Accepts nothing more, lets the requests under way finish, closes all connections.
  void stop();

 private:
  class Listener;
  std::unique_ptr<Listener> listener_;
  std::thread thread_;
};

}  // namespace babelgrad::apps
