// The bytes of one connection as HTTP/1.1 requests, by the letter of RFC 9112. It knows of no
// sockets, so that tests and the fuzzer can feed it bytes.
//
// Boost.Beast parses; what it takes too easily is refused before (framing.h). Where one request
// ends and the next begins is never left in doubt: after a refusal nothing more is read.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "babelgrad/apps/server/http_message.h"

namespace babelgrad::apps {

class RequestParser {
 public:
  enum class State {
    idle,    // nothing of the next request has come
    head,    // its head has begun
    body,    // its head is known: request() without the body
    whole,   // request() is there; take it before more is parsed
    failed,  // not HTTP: refusal() says why
  };

  // body_limit: bytes of the longest body.
  explicit RequestParser(std::size_t body_limit);
  ~RequestParser();

  void add(std::string_view bytes);
  State state() const { return state_; }
  const HttpRequest& request() const { return request_; }
  // Of the head: another request may follow on this connection; the client waits for "100
  // Continue"; a body follows.
  bool keep_alive() const { return keep_alive_; }
  bool expects_continue() const { return expects_continue_; }
  bool has_body() const { return has_body_; }
  const HttpReply& refusal() const { return refusal_; }
  // Moves the whole request out and goes on with the bytes behind it.
  HttpRequest take();
  // Bytes that have come and are not parsed; and with those of the body that has begun.
  std::size_t waiting() const { return bytes_.size(); }
  std::size_t held() const { return bytes_.size() + body_bytes_; }

 private:
  struct Beast;
  void parse();
  void parse_head();
  void parse_fields(const std::string& head);
  void set_target(std::string target);
  void parse_body();
  void fail(int status, const std::string& message);

  std::size_t body_limit_;
  State state_ = State::idle;
  std::unique_ptr<Beast> beast_;
  std::string bytes_;
  std::size_t searched_ = 0;    // bytes_ before which the head does not end
  std::size_t body_bytes_ = 0;  // of the body so far, with the lengths of its chunks
  bool blank_line_ = false;     // one stood before the request
  bool keep_alive_ = false, expects_continue_ = false, has_body_ = false, chunked_ = false;
  HttpRequest request_;
  HttpReply refusal_;
};

}  // namespace babelgrad::apps
