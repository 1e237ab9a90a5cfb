#include "tests/apps/http_client.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

namespace babelgrad::test {
namespace {

namespace http = boost::beast::http;
using Tcp = boost::asio::ip::tcp;

}  // namespace

struct HttpClient::Connection {
  boost::asio::io_context io;
  Tcp::socket socket{io};
  boost::beast::flat_buffer received;
};

HttpClient::HttpClient(int port) : port_(port) {}
HttpClient::~HttpClient() = default;

std::optional<HttpAnswer> HttpClient::send(const std::string& method, const std::string& path,
                                           const std::string& body, const Headers& headers) {
  http::request<http::string_body> request{http::string_to_verb(method), path, 11, body};
  request.set(http::field::host, "localhost");
  for (const auto& [name, value] : headers) request.set(name, value);
  if (method == "POST") request.content_length(body.size());
  http::response_parser<http::string_body> reply;
  reply.body_limit(boost::none);
  reply.skip(method == "HEAD");
  try {
    if (!connection_) {
      connection_ = std::make_unique<Connection>();
      connection_->socket.connect(
          {boost::asio::ip::address_v4::loopback(), static_cast<unsigned short>(port_)});
    }
    http::write(connection_->socket, request);
    http::read(connection_->socket, connection_->received, reply);
  } catch (const boost::system::system_error&) {
    connection_.reset();
    return std::nullopt;
  }
  HttpAnswer answer{static_cast<int>(reply.get().result_int()), {}, reply.get().body()};
  for (const auto& field : reply.get())
    answer.headers[std::string(field.name_string())] = std::string(field.value());
  if (!reply.keep_alive()) connection_.reset();
  return answer;
}

}  // namespace babelgrad::test
