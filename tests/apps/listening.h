// A server on a port of its own, and what is sent to it.
#pragma once

#include <doctest/doctest.h>

#include "babelgrad/apps/server/http_server.h"
#include "tests/apps/http_client.h"
#include "tests/apps/raw_client.h"
#include "tests/apps/served.h"

namespace babelgrad::test {

inline constexpr double kPatience = 20;  // seconds

inline const std::string kPostHead =
    "POST /api/translate HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
inline const std::string kBody = R"({"sentences": "je vois le chat"})";

inline std::string post(const std::string& body) {
  return kPostHead + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

inline const std::string kGet = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
inline const std::string kGetLast =
    "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

struct Listening : Served {
  explicit Listening(const apps::ServerLimits& limits = {}, const Change& change = {})
      : Served(limits, change), server(service, "127.0.0.1", 0), client(server.port()) {}
  // All is well: a new client is served.
  void check_serves() {
    RawClient probe(server.port());
    REQUIRE(probe.send(kGetLast));
    CHECK(probe.receive(kPatience).ends_with("\r\n\r\nok\n"));
  }

  apps::HttpServer server;
  HttpClient client;
};

// Where a server listens that has just begun: "serving model at http://127.0.0.1:41234/ (...)".
inline int port_of(const std::string& line) {
  REQUIRE(line.starts_with("serving "));
  return std::stoi(line.substr(line.rfind(':') + 1));
}

inline int status_of(const std::string& reply) {
  return reply.size() > 12 ? std::stoi(reply.substr(9, 3)) : 0;
}

}  // namespace babelgrad::test
