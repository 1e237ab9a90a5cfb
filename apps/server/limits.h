// What one client may ask of the server. The command line's flags set each but
// `explained` (apps/serve.cpp).
#pragma once

#include <cstddef>

namespace babelgrad::apps {

struct ServerLimits {
  std::size_t body = 1 << 20;             // bytes of a request
  std::size_t all_bodies = 256 << 20;     // bytes of all requests that come or wait; more: 503
  std::size_t sentences = 256;            // of one request
  std::size_t tokens = 256;               // of one sentence
  std::size_t explained = 100;            // tokens of a sentence to explain
  std::size_t beam = 16;                  // hypotheses a step
  std::size_t work = 1 << 18;             // of one request: hypotheses x tokens of all sentences
  std::size_t queue = 1024;               // sentences that wait; more: 503
  std::size_t client_queue = 512;         // of one client
  std::size_t batch = 64;                 // sentences searched together
  std::size_t connections = 4096;         // at a time; more: 503
  std::size_t client_connections = 1024;  // of one client
  std::size_t client_seconds = 10;        // to send a request, or to take the answer
  std::size_t idle_seconds = 30;          // that a connection may stay without a request
  std::size_t deadline_seconds = 60;      // for an answer; then 504
};

}  // namespace babelgrad::apps
