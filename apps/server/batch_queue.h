// The one queue of all connections: whoever calls translate waits while worker threads search the
// sentences of several callers together. Other work (run) goes through the same queue, so that the
// workers alone decide how much is computed at a time.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "babelgrad/apps/server/server_metrics.h"
#include "babelgrad/models/folder/translator.h"

namespace babelgrad::apps {

// More sentences wait than may.
class QueueFullError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

class BatchQueue {
 public:
  // threads: workers; 0: one a core. batch: sentences searched together. limit: sentences that
  // wait. The translator and the metrics must outlive the queue.
  BatchQueue(const Translator& translator, ServerMetrics& metrics, std::size_t threads,
             std::size_t batch, std::size_t limit);
  // Finishes what waits.
  ~BatchQueue();
  BatchQueue(const BatchQueue&) = delete;
  BatchQueue& operator=(const BatchQueue&) = delete;

  // As Translator::translate. Sentences with the same search settings share batches. Throws
  // QueueFullError at once, or what the search throws.
  std::vector<std::vector<Translation>> translate(const std::vector<std::string>& sentences,
                                                  const SearchConfig& search);
  // Runs the task on a worker, alone; it waits as one sentence.
  void run(const std::function<void()>& task);

 private:
  struct Call;  // of translate or run: what it waits for
  struct Item {
    Call* call;
    std::size_t index;  // of the sentence in the call
  };

  void submit(Call& call, std::size_t items);
  void work();
  using Clock = std::chrono::steady_clock;
  // Waits; until `gather` also for more than one sentence. Empty at the end.
  std::vector<Item> next(Clock::time_point gather);
  // A worker's fair part of all that waits and is under way.
  std::size_t share() const;
  void process(const std::vector<Item>& items);
  void translate_items(const std::vector<Item>& items);

  const Translator& translator_;
  ServerMetrics& metrics_;
  std::size_t threads_, batch_, limit_;

  std::mutex mutex_;
  std::condition_variable waiting_;
  std::deque<Item> items_;
  std::size_t under_way_ = 0;  // sentences that workers search
  bool stopping_ = false;
  std::vector<std::thread> workers_;
};

}  // namespace babelgrad::apps
