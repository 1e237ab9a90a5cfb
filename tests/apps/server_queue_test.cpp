// Whose turn it is: the order in which one worker, that searches one sentence at a time, answers.
#include <doctest/doctest.h>

#include <atomic>
#include <future>
#include <thread>

#include "babelgrad/apps/server/batch_queue.h"
#include "tests/apps/served.h"

namespace babelgrad::test {
namespace {

using apps::BatchQueue;
using apps::Job;

constexpr std::size_t kShort = 10, kLong = 10000;  // work

class OneWorker {
 public:
  explicit OneWorker(std::size_t batch = 1)
      : model_((world_.add_model(),
                std::make_shared<const Translator>(Translator::load(world_.path() / "model")))),
        queue_(metrics_, 1, {batch, 1000, 1000}) {
    Job block;
    block.work = {kShort};
    block.task = [this] { begin_.get_future().wait(); };
    queue_.submit(std::move(block));
    while (metrics_.text().find("babelgrad_queue_sentences 0\n") == std::string::npos)
      std::this_thread::yield();
  }

  // A request of a client for sentences of so much work.
  apps::Gone add(const std::string& name, const std::string& client,
                 const std::vector<std::size_t>& work, std::size_t beam = 5) {
    Job job;
    job.client = client;
    job.gone = std::make_shared<std::atomic<bool>>(false);
    job.work = work;
    job.translator = model_;
    job.sentences.assign(work.size(), kLine);
    job.search.beam = beam;
    job.done = [this, name](const auto& results, const auto& error) {
      order_ += name + (error ? "!" : results.back()[0].text.empty() ? "?" : "") + " ";
      ++answered_;
    };
    const apps::Gone gone = job.gone;
    queue_.submit(std::move(job));
    return gone;
  }
  // In which so many requests are answered, all of which were added before the first begins.
  std::string order(std::size_t requests) {
    begin_.set_value();
    while (answered_ < requests) std::this_thread::yield();
    return order_;
  }

  std::string metrics() { return metrics_.text(); }

 private:
  World world_;
  std::shared_ptr<const Translator> model_;
  std::promise<void> begin_;
  std::string order_;
  std::atomic<std::size_t> answered_{0};
  apps::ServerMetrics metrics_;
  BatchQueue queue_;
};

TEST_CASE("clients take turns, and so do the requests of one client") {
  OneWorker worker;
  for (const std::string name : {"a1", "a2", "a3"}) worker.add(name, "a", {kShort, kShort});
  worker.add("b1", "b", {kShort});
  worker.add("c1", "c", {kShort, kShort});
  CHECK(worker.order(5) == "b1 c1 a1 a2 a3 ");
}

TEST_CASE("short work overtakes long work, but not for ever") {
  OneWorker worker;
  worker.add("long", "a", {kLong});
  for (const std::string name : {"1", "2", "3", "4", "5", "6"}) worker.add(name, "b", {kShort});
  CHECK(worker.order(7) == "1 2 3 4 long 5 6 ");
}

TEST_CASE(
    "of one request the short sentences begin first, and a batch has no long ones beside them") {
  OneWorker worker(8);
  worker.add("both", "a", {kLong, kShort, kLong});
  worker.add("short", "b", {kShort, kShort});
  CHECK(worker.order(2) == "short both ");
}

TEST_CASE("a request of many short sentences is long work") {
  OneWorker worker(8);
  worker.add("many", "a", std::vector<std::size_t>(100, kShort));
  worker.add("one", "b", {kShort});
  CHECK(worker.order(2) == "one many ");
  CHECK(worker.metrics().find("babelgrad_batch_sentences_bucket{le=\"1\"} 1\n") !=
        std::string::npos);  // it had a batch for itself
}

TEST_CASE("a search that fails is an error of its request alone") {
  OneWorker worker(8);
  worker.add("good", "a", {kShort});
  worker.add("bad", "b", {kShort, kShort}, 0);
  worker.add("both", "c", {kShort, kShort});
  const std::string order = worker.order(3);
  CHECK(order.find("bad! ") != std::string::npos);
  CHECK(order.find("good ") != std::string::npos);
  CHECK(order.find("both ") != std::string::npos);
}

TEST_CASE("work of those that have gone is not begun") {
  OneWorker worker;
  const apps::Gone gone = worker.add("gone", "a", {kShort, kLong});
  worker.add("stays", "a", {kShort});
  *gone = true;
  CHECK(worker.order(1) == "stays ");
}

}  // namespace
}  // namespace babelgrad::test
