#include "babelgrad/apps/server/session.h"

namespace babelgrad::apps {
namespace {

bool has_body(const httplib::Request& request) {
  return request.has_header("Content-Length") || request.has_header("Transfer-Encoding");
}

// What a status means that httplib itself has found.
const char* meaning(int status) {
  switch (status) {
    case 414:
      return "the address is too long";
    case 416:
      return "the range is not one";
    case 500:
      return "the server failed";
    default:
      return "not a valid HTTP request";
  }
}

}  // namespace

Session::Session(Service& service, httplib::Stream& stream, Kind kind)
    : service_(service), stream_(stream), kind_(kind) {
  set_pre_routing_handler([this](const httplib::Request& request, httplib::Response& response) {
    if (request.method == "POST") return HandlerResponse::Unhandled;
    close_ |= has_body(request);
    set(response, reply_to(translated(request, "")));
    return HandlerResponse::Handled;
  });
  Post("/",
       [this](const httplib::Request& request, httplib::Response& response,
              const httplib::ContentReader& read) { read_and_answer(request, response, read); });
  set_expect_100_continue_handler(
      [this](const httplib::Request& request, httplib::Response& response) {
        const HttpRequest head = translated(request, "");
        if (kind_ == Kind::serving && service_.wants_body(head)) return 100;
        close_ = true;
        set(response, reply_to(head));
        return response.status;
      });
  set_error_handler(HandlerWithResponse(
      [this](const auto&, httplib::Response& response) { return complete_error(response); }));
  set_post_routing_handler([this](const httplib::Request&, httplib::Response& response) {
    response.headers.erase("Keep-Alive");
    response.headers.erase("EXCEPTION_WHAT");
    if (close_) response.set_header("Connection", "close");
  });
}

bool Session::serve(bool last) {
  parsed_ = false;
  close_ = last;
  bool closed = false;
  const bool whole = process_request(stream_, last, closed,
                                     [this](httplib::Request& request) { prepare(request); });
  return whole && parsed_ && !closed && !close_;
}

void Session::prepare(httplib::Request& request) {
  parsed_ = true;
  path_ = request.target.substr(0, request.target.find('?'));
  request.path = "/";
  request.ranges.clear();
  request.headers.erase("Accept-Encoding");
}

HttpRequest Session::translated(const httplib::Request& request, std::string body) const {
  return {request.method,
          path_,
          request.get_header_value("Host"),
          request.get_header_value("Content-Type"),
          std::move(body),
          request.get_header_value<std::uint64_t>("Content-Length")};
}

HttpReply Session::reply_to(const HttpRequest& request) {
  if (kind_ == Kind::refusing) return error_reply(503, "too many connections are open");
  return service_.handle(request);
}

void Session::set(httplib::Response& response, const HttpReply& reply) {
  response.status = reply.status;
  response.set_content(reply.body, reply.content_type);
  for (const auto& [name, value] : reply.headers) response.set_header(name, value);
}

void Session::refuse(httplib::Response& response, int status, const std::string& message) {
  close_ = true;
  set(response, error_reply(status, message));
  service_.metrics().count_request("other", status, 0);
}

void Session::read_and_answer(const httplib::Request& request, httplib::Response& response,
                              const httplib::ContentReader& read) {
  const HttpRequest head = translated(request, "");
  if (kind_ == Kind::refusing || !service_.wants_body(head)) {
    close_ |= has_body(request);
    set(response, reply_to(head));
    return;
  }
  // A body without a declared length is read up to where the service refuses it.
  const std::size_t limit = service_.limits().body + 1;
  std::string body;
  const bool whole = !has_body(request) || read([&](const char* data, std::size_t size) {
    body.append(data, std::min(size, limit - body.size()));
    return body.size() < limit;
  });
  close_ |= !whole;  // where the next request begins is not known
  if (!whole && body.size() < limit && stream_.is_readable())
    refuse(response, 400, "the body is not as its headers say");
  else if (!whole && body.size() < limit)
    refuse(response, 408, "the body did not come whole in time");
  else
    set(response, service_.handle(translated(request, std::move(body))));
}

httplib::Server::HandlerResponse Session::complete_error(httplib::Response& response) {
  if (!response.body.empty()) return HandlerResponse::Unhandled;
  refuse(response, response.status, meaning(response.status));
  return HandlerResponse::Handled;
}

}  // namespace babelgrad::apps
