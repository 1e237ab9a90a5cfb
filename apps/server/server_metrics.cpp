#include "babelgrad/apps/server/server_metrics.h"

#include <prometheus/text_serializer.h>
#include <unistd.h>

#include <fstream>

namespace babelgrad::apps {
namespace {

using Buckets = prometheus::Histogram::BucketBoundaries;

const Buckets kSeconds{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};
const Buckets kSentences{1, 2, 4, 8, 16, 32, 64, 128, 256};

prometheus::Counter& counter(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry).Add({});
}

prometheus::Gauge& gauge(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add({});
}

}  // namespace

ServerMetrics::ServerMetrics()
    : requests_(prometheus::BuildCounter()
                    .Name("babelgrad_requests_total")
                    .Help("Requests answered, by path and HTTP status")
                    .Register(registry_)),
      latency_(prometheus::BuildHistogram()
                   .Name("babelgrad_request_seconds")
                   .Help("Time from a whole request to its answer, by path")
                   .Register(registry_)),
      batch_(prometheus::BuildHistogram()
                 .Name("babelgrad_batch_sentences")
                 .Help("Sentences that were searched together")
                 .Register(registry_)
                 .Add({}, kSentences)),
      source_tokens_(counter(registry_, "babelgrad_source_tokens_total", "Tokens read")),
      target_tokens_(counter(registry_, "babelgrad_target_tokens_total", "Tokens written")),
      refused_(counter(registry_, "babelgrad_refused_connections_total",
                       "Connections refused because too many were open")),
      queue_(gauge(registry_, "babelgrad_queue_sentences", "Sentences that wait")),
      connections_(gauge(registry_, "babelgrad_connections", "Connections that are open")),
      memory_(gauge(registry_, "process_resident_memory_bytes", "Memory in use")) {}

void ServerMetrics::count_request(const std::string& path, int status, double seconds) {
  requests_.Add({{"path", path}, {"status", std::to_string(status)}}).Increment();
  latency_.Add({{"path", path}}, kSeconds).Observe(seconds);
}

void ServerMetrics::count_batch(std::size_t sentences, std::size_t source_tokens,
                                std::size_t target_tokens) {
  batch_.Observe(static_cast<double>(sentences));
  source_tokens_.Increment(static_cast<double>(source_tokens));
  target_tokens_.Increment(static_cast<double>(target_tokens));
}

std::string ServerMetrics::text() {
  memory_.Set(static_cast<double>(resident_bytes()));
  return prometheus::TextSerializer().Serialize(registry_.Collect());
}

std::size_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::size_t all = 0, resident = 0;
  file >> all >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace babelgrad::apps
