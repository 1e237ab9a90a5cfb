// The one queue of all requests: worker threads search the sentences of several clients together.
// Other work (a task) goes through the same queue, so that the workers alone decide how much is
// computed at a time. Nobody waits for it: it calls back.
//
// Clients take turns, and so do the requests of one client, a sentence each. A request with little
// work left is short, one with many sentences is not, however short these are. Short requests go
// before long ones, which they may overtake a few times in a row; a batch has only one of both and
// no more work in all than a batch of ordinary sentences; and where short ones have come of late,
// one of several workers begins no long ones. So a short request waits for one ordinary batch at
// most, or for none.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <span>
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

// True once nobody waits for the answer any more: what has not begun is dropped then.
using Gone = std::shared_ptr<std::atomic<bool>>;

// What one request asks for.
struct Job {
  std::string client;  // who takes turns with the others
  Gone gone;
  std::vector<std::size_t> work;  // of each sentence: hypotheses x tokens; of the task: one entry
  // Sentences, and called from a worker, once: with their translations, or with what the search
  // threw. Not called if nobody waits.
  std::shared_ptr<const Translator> translator;
  std::vector<std::string> sentences;
  SearchConfig search;
  std::function<void(std::vector<std::vector<Translation>>, std::exception_ptr)> done;
  // Or instead: runs on a worker, alone, and throws nothing but std::bad_alloc.
  std::function<void()> task;
};

class BatchQueue {
 public:
  struct Limits {
    std::size_t batch;      // sentences searched together
    std::size_t all;        // sentences that wait
    std::size_t of_client;  // of one client
  };

  // threads: workers; 0: one a core. The metrics must outlive the queue.
  BatchQueue(ServerMetrics& metrics, std::size_t threads, const Limits& limits);
  // Finishes what waits.
  ~BatchQueue();
  BatchQueue(const BatchQueue&) = delete;
  BatchQueue& operator=(const BatchQueue&) = delete;

  // Throws QueueFullError. Sentences with the same search settings share batches.
  void submit(Job job);

 private:
  struct Call;  // a job under way
  using CallPointer = std::shared_ptr<Call>;
  struct Item {
    CallPointer call;
    std::size_t index;  // of the sentence in the call
    bool is_short;      // as the call was
  };
  struct Client {
    std::string name;
    std::list<CallPointer> calls;  // that have sentences which wait, the next one's turn first
    std::size_t waiting = 0;
  };
  using Clock = std::chrono::steady_clock;

  void work();
  // Waits; until `gather` also for more than one sentence. Empty at the end.
  std::vector<Item> next(Clock::time_point gather);
  std::vector<Item> take_batch();
  // The next item whose turn it is among those that are `wanted`; no call: there is none.
  Item take(const std::function<bool(const Call&)>& wanted);
  Item take_from(std::list<Client>::iterator client, std::list<CallPointer>::iterator call);
  bool may_begin_long() const;
  bool may_begin() const;
  void drop_gone();
  // A worker's fair part of all that waits and is under way.
  std::size_t share() const;
  void process(std::vector<Item> items);
  void search(std::span<const Item> items) noexcept;
  void translate(std::span<const Item> items);
  static std::size_t work_of(const Item& item);

  ServerMetrics& metrics_;
  std::size_t threads_;
  Limits limits_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::list<Client> clients_;      // that wait, the next one's turn first
  std::size_t waiting_ = 0;        // sentences
  std::size_t waiting_short_ = 0;  // of them
  std::size_t under_way_ = 0;      // sentences that workers search
  std::size_t long_workers_ = 0;   // workers that search long ones
  std::size_t overtaken_ = 0;      // times in a row that short ones went before a long one
  Clock::time_point last_short_;   // when short work came last
  bool stopping_ = false;
  std::vector<std::thread> workers_;
};

}  // namespace babelgrad::apps
