#include "babelgrad/apps/server/http_message.h"

#include <boost/beast/http/status.hpp>
#include <nlohmann/json.hpp>

namespace babelgrad::apps {

HttpReply error_reply(int status, const std::string& message) {
  using Json = nlohmann::json;
  const std::string body =
      Json{{"error", message}}.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  HttpReply reply{status, "application/json", body};
  if (status == 503) reply.headers["Retry-After"] = "1";  // seconds
  if (status == 401) reply.headers["WWW-Authenticate"] = "Bearer";
  return reply;
}

std::string too_long_message(std::size_t limit) {
  return "the body is longer than " + std::to_string(limit) + " bytes";
}

std::string serialized(const HttpReply& reply, bool close, bool head) {
  namespace http = boost::beast::http;
  const auto reason =
      http::obsolete_reason(http::int_to_status(static_cast<unsigned>(reply.status)));
  std::string bytes = "HTTP/1.1 " + std::to_string(reply.status) + " ";
  bytes.append(reason.data(), reason.size()).append("\r\n");
  const auto field = [&](const std::string& name, const std::string& value) {
    bytes.append(name).append(": ").append(value).append("\r\n");
  };
  field("Content-Type", reply.content_type);
  field("Content-Length", std::to_string(reply.body.size()));
  for (const auto& [name, value] : reply.headers) field(name, value);
  if (close) field("Connection", "close");
  bytes.append("\r\n");
  if (!head) bytes.append(reply.body);
  return bytes;
}

}  // namespace babelgrad::apps
