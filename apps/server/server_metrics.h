// What GET /metrics shows, in Prometheus' text format. Thread-safe.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <cstddef>
#include <string>

namespace babelgrad::apps {

class ServerMetrics {
 public:
  ServerMetrics();

  // A request that was answered. path: one of the server's own, or "other".
  void count_request(const std::string& path, int status, double seconds);
  // A batch that was searched: its sentences, and the tokens read and written (eos included).
  void count_batch(std::size_t sentences, std::size_t source_tokens, std::size_t target_tokens);
  void set_queue(std::size_t sentences) { queue_.Set(static_cast<double>(sentences)); }
  void set_connections(std::size_t open) { connections_.Set(static_cast<double>(open)); }
  void count_refused_connection() { refused_.Increment(); }

  std::string text();

 private:
  prometheus::Registry registry_;
  prometheus::Family<prometheus::Counter>& requests_;
  prometheus::Family<prometheus::Histogram>& latency_;
  prometheus::Histogram& batch_;
  prometheus::Counter& source_tokens_;
  prometheus::Counter& target_tokens_;
  prometheus::Counter& refused_;
  prometheus::Gauge& queue_;
  prometheus::Gauge& connections_;
  prometheus::Gauge& memory_;
};

// Memory of this process that is in use (resident set), bytes.
std::size_t resident_bytes();

}  // namespace babelgrad::apps
