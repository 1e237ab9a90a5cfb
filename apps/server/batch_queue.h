// The one queue of all connections: whoever calls translate waits while worker threads search the
// sentences of several callers together. Other work (run) goes through the same queue, so that the
// workers alone decide how much is computed at a time.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "babelgrad/apps/server/server_metrics.h"
#include "babelgrad/models/translator.h"

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
  std::vector<Item> next();  // waits; empty at the end
  void process(const std::vector<Item>& items);
  void translate_items(const std::vector<Item>& items);

  const Translator& translator_;
  ServerMetrics& metrics_;
  std::size_t batch_, limit_;

  std::mutex mutex_;
  std::condition_variable waiting_;
  std::deque<Item> items_;
  std::size_t idle_ = 0;  // workers that wait
  bool stopping_ = false;
  std::vector<std::thread> workers_;
};

}  // namespace babelgrad::apps
