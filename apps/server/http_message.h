// A request and a reply of HTTP, as the server's parts hand them to each other.
#pragma once

#include <cstddef>
#include <map>
#include <string>

namespace babelgrad::apps {

struct HttpRequest {
  std::string method;        // "POST"
  std::string path;          // "/api/translate", without the query
  std::string host;          // the Host header
  std::string content_type;  // the Content-Type header
  std::string body;
  std::size_t length = 0;  // of a body that has not come, as the client declares it, bytes
  std::string query = {};  // "model=fr-en", what stands behind '?'
  std::string content_encoding = {};
  std::string forwarded_for = {};  // the X-Forwarded-For header
  std::string authorization = {};  // the Authorization header
  std::string id = {};             // the X-Request-Id header, or one that was made
  std::string client = {};         // whose limits and turns it has: an address, or a token's name
};

struct HttpReply {
  int status = 200;
  std::string content_type;
  std::string body;
  std::map<std::string, std::string> headers = {};
};

// {"error": message}, with "Retry-After" if the status is 503, "WWW-Authenticate" if it is 401.
HttpReply error_reply(int status, const std::string& message);

// Of a body, if none longer is taken.
std::string too_long_message(std::size_t limit);

// The reply as it is sent. close: the connection ends with it. head: the answer to a HEAD request,
// which has no body.
std::string serialized(const HttpReply& reply, bool close, bool head);

}  // namespace babelgrad::apps
