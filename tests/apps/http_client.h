// A well-behaved HTTP client of the server under test: waits for each reply, keeps its connection.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

namespace babelgrad::test {

struct HttpAnswer {
  int status = 0;
  std::map<std::string, std::string> headers;
  std::string body;
};

class HttpClient {
 public:
  using Headers = std::map<std::string, std::string>;

  explicit HttpClient(int port);
  ~HttpClient();

  // Nothing if the server is not there or closes without a reply.
  std::optional<HttpAnswer> send(const std::string& method, const std::string& path,
                                 const std::string& body = "", const Headers& headers = {});
  std::optional<HttpAnswer> get(const std::string& path) { return send("GET", path); }
  std::optional<HttpAnswer> post(const std::string& path, const std::string& body) {
    return send("POST", path, body, {{"Content-Type", "application/json"}});
  }

 private:
  struct Connection;
  int port_;
  std::unique_ptr<Connection> connection_;
};

}  // namespace babelgrad::test
