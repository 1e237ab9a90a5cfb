#include "babelgrad/apps/server/request_parser.h"

#include <algorithm>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <functional>

#include "babelgrad/apps/server/framing.h"

namespace babelgrad::apps {
namespace {

namespace http = boost::beast::http;

constexpr std::size_t kLineBytes = 8 << 10;   // of the request line
constexpr std::size_t kHeadBytes = 16 << 10;  // of the request line and all headers
// "0 CR LF CR LF" ends a body in chunks: with less Beast cannot be asked again (it asserts that).
constexpr std::size_t kChunkedEnd = 5;

const char* const kInvalid = "not a valid HTTP request";

std::string value_of(const http::fields& fields, http::field name) {
  return std::string(fields[name]);
}

bool is_control(unsigned char c) { return (c < ' ' && c != '\t') || c == 127; }

// Where several stand, the one that was added last.
std::string last_value_of(const http::fields& fields, const std::string& name) {
  std::string last;
  const auto [begin, end] = fields.equal_range(name);
  for (auto field = begin; field != end; ++field) last = std::string(field->value());
  return last;
}

}  // namespace

struct RequestParser::Beast : http::request_parser<http::string_body> {
  // Beast's own limit counts a chunk again each time that its line is found incomplete.
  void limit_chunks(std::size_t limit) {
    body_limit(boost::none);
    check = [this, limit](std::uint64_t size, boost::beast::string_view extension,
                          boost::system::error_code& error) {
      if (size > limit - std::min(limit, get().body().size()) || extension.size() > kHeadBytes)
        error = http::error::body_limit;
      // In quotes Beast takes anything; for others a line feed may end the line all the same.
      else if (std::any_of(extension.begin(), extension.end(), is_control))
        error = http::error::bad_chunk_extension;
    };
    on_chunk_header(check);
  }
  std::function<void(std::uint64_t, boost::beast::string_view, boost::system::error_code&)> check;
};

RequestParser::RequestParser(std::size_t body_limit) : body_limit_(body_limit) {}
RequestParser::~RequestParser() = default;

void RequestParser::add(std::string_view bytes) {
  if (state_ == State::failed) return;
  bytes_.append(bytes);
  parse();
}

HttpRequest RequestParser::take() {
  HttpRequest taken = std::move(request_);
  request_ = {};
  beast_.reset();
  state_ = State::idle;
  searched_ = body_bytes_ = 0;
  blank_line_ = false;
  parse();
  return taken;
}

void RequestParser::parse() {
  if (state_ == State::idle && !bytes_.empty()) state_ = State::head;
  if (state_ == State::head) parse_head();
  if (state_ == State::body) parse_body();
}

void RequestParser::fail(int status, const std::string& message) {
  state_ = State::failed;
  refusal_ = error_reply(status, message);
  bytes_.clear();
}

void RequestParser::parse_head() {
  if (!blank_line_ && bytes_.starts_with("\r\n")) {  // some clients end a body with it
    blank_line_ = true;
    bytes_.erase(0, 2);
  }
  if (blank_line_ && bytes_.starts_with("\r\n")) return fail(400, kInvalid);
  const std::size_t end = bytes_.find("\r\n\r\n", searched_);
  const std::string head = bytes_.substr(0, end == std::string::npos ? end : end + 2);
  searched_ = std::max<std::size_t>(bytes_.size(), 3) - 3;
  if (const auto fault = line_fault(head)) return fail(fault->status, fault->message);
  if (head.size() > kLineBytes && head.find("\r\n") >= kLineBytes)
    return fail(414, "the address is too long");
  if (head.size() > kHeadBytes) return fail(431, "the headers are too long");
  if (end == std::string::npos) return;
  bytes_.erase(0, end + 4);
  if (const auto fault = framing_fault(head)) return fail(fault->status, fault->message);
  parse_fields(head + "\r\n");
}

void RequestParser::parse_fields(const std::string& head) {
  beast_ = std::make_unique<Beast>();
  beast_->header_limit(2 * kHeadBytes);
  beast_->body_limit(body_limit_);
  boost::system::error_code error;
  beast_->put(boost::asio::buffer(head), error);
  // A length that is known to be too much is the service's to refuse.
  if (error && error != http::error::body_limit) return fail(400, kInvalid);
  const auto& message = beast_->get();
  request_.method = std::string(message.method_string());
  request_.host = value_of(message, http::field::host);
  set_target(std::string(message.target()));
  if (state_ == State::failed) return;
  request_.content_type = value_of(message, http::field::content_type);
  request_.content_encoding = value_of(message, http::field::content_encoding);
  request_.forwarded_for = last_value_of(message, "X-Forwarded-For");
  request_.authorization = value_of(message, http::field::authorization);
  request_.id = last_value_of(message, "X-Request-Id");
  const std::string length = value_of(message, http::field::content_length);
  request_.length = length.empty() ? 0 : std::stoull(length);
  chunked_ = !error && beast_->chunked();
  if (chunked_) beast_->limit_chunks(body_limit_);
  has_body_ = chunked_ || request_.length > 0;
  keep_alive_ = !error && message.version() == 11 && beast_->keep_alive();
  expects_continue_ = has_body_ && message.version() == 11 &&
                      boost::beast::iequals(message[http::field::expect], "100-continue");
  state_ = has_body_ ? State::body : State::whole;
}

// "/a?b", or "http://host/a?b", whose host then counts (RFC 9112, 3.2.2).
void RequestParser::set_target(std::string target) {
  const std::string scheme = "http://";
  if (target.starts_with(scheme)) {
    const std::size_t slash = std::min(target.find('/', scheme.size()), target.size());
    request_.host = target.substr(scheme.size(), slash - scheme.size());
    if (!is_host(request_.host)) return fail(400, kInvalid);
    target = slash == target.size() ? "/" : target.substr(slash);
  }
  const std::size_t question = std::min(target.find('?'), target.size());
  request_.path = target.substr(0, question);
  request_.query = target.substr(std::min(question + 1, target.size()));
}

void RequestParser::parse_body() {
  if (request_.length > body_limit_) return;
  boost::system::error_code error;
  std::size_t taken = 0;
  const std::size_t least = chunked_ ? kChunkedEnd : 1;
  while (!error && !beast_->is_done() && taken + least <= bytes_.size())
    taken += beast_->put(boost::asio::buffer(bytes_.data() + taken, bytes_.size() - taken), error);
  bytes_.erase(0, taken);
  body_bytes_ += taken;
  const bool done = beast_->is_done();
  const std::size_t size = body_bytes_ + (done ? 0 : bytes_.size());
  const bool long_line = chunked_ && !done && bytes_.size() > kHeadBytes;  // of a chunk
  if (error == http::error::body_limit || size > kHeadBytes + 2 * body_limit_ || long_line) {
    fail(413, too_long_message(body_limit_));
  } else if (done) {
    request_.body = std::move(beast_->get().body());
    state_ = State::whole;
  } else if (error && error != http::error::need_more) {
    fail(400, "the body is not as its headers say");
  }
}

}  // namespace babelgrad::apps
