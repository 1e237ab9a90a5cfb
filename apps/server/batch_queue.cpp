#include "babelgrad/apps/server/batch_queue.h"

#include <algorithm>
#include <exception>

#include "babelgrad/autograd/allocator.h"

namespace babelgrad::apps {
namespace {

constexpr std::chrono::milliseconds kGatherTime{10};
constexpr std::size_t kCachedBytes = 64 << 20;  // that a worker keeps after an unusual request

bool can_share(const SearchConfig& a, const SearchConfig& b) {
  return a.beam == b.beam && a.nbest == b.nbest && a.length_penalty == b.length_penalty &&
         a.max_length_ratio == b.max_length_ratio && a.max_length_extra == b.max_length_extra;
}

}  // namespace

struct BatchQueue::Call {
  const std::vector<std::string>* sentences = nullptr;  // null: a task
  const SearchConfig* search = nullptr;
  const std::function<void()>* task = nullptr;
  std::vector<std::vector<Translation>> results;
  std::size_t left = 0;  // items not yet done
  std::exception_ptr error;
  std::condition_variable done;
};

BatchQueue::BatchQueue(const Translator& translator, ServerMetrics& metrics, std::size_t threads,
                       std::size_t batch, std::size_t limit)
    : translator_(translator), metrics_(metrics), threads_(threads), batch_(batch), limit_(limit) {
  if (threads_ == 0) threads_ = std::max(1u, std::thread::hardware_concurrency());
  for (std::size_t i = 0; i < threads_; ++i) workers_.emplace_back([this] { work(); });
}

BatchQueue::~BatchQueue() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  waiting_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

std::vector<std::vector<Translation>> BatchQueue::translate(
    const std::vector<std::string>& sentences, const SearchConfig& search) {
  Call call;
  call.sentences = &sentences;
  call.search = &search;
  call.results.resize(sentences.size());
  submit(call, sentences.size());
  return std::move(call.results);
}

void BatchQueue::run(const std::function<void()>& task) {
  Call call;
  call.task = &task;
  submit(call, 1);
}

void BatchQueue::submit(Call& call, std::size_t items) {
  std::unique_lock lock(mutex_);
  if (items_.size() + items > limit_)
    throw QueueFullError(std::to_string(items_.size()) + " sentences wait already; at most " +
                         std::to_string(limit_) + " may");
  call.left = items;
  for (std::size_t i = 0; i < items; ++i) items_.push_back({&call, i});
  metrics_.set_queue(items_.size());
  waiting_.notify_all();
  call.done.wait(lock, [&] { return call.left == 0; });
  if (call.error) std::rethrow_exception(call.error);
}

std::size_t BatchQueue::share() const {
  return std::min(batch_, (items_.size() + under_way_ + threads_ - 1) / threads_);
}

std::vector<BatchQueue::Item> BatchQueue::next(Clock::time_point gather) {
  std::unique_lock lock(mutex_);
  do {
    waiting_.wait(lock, [this] { return stopping_ || !items_.empty(); });
    waiting_.wait_until(lock, gather, [this] { return stopping_ || items_.size() >= share(); });
    if (items_.empty() && stopping_) return {};
  } while (items_.empty());  // another worker may have taken them meanwhile
  const std::size_t most = share();
  std::vector<Item> taken;
  const Call& first = *items_.front().call;
  std::deque<Item> rest;
  for (const Item& item : items_) {
    const bool fits = taken.empty() || (taken.size() < most && first.search != nullptr &&
                                        item.call->search != nullptr &&
                                        can_share(*first.search, *item.call->search));
    if (fits)
      taken.push_back(item);
    else
      rest.push_back(item);
  }
  items_.swap(rest);
  under_way_ += taken.size();
  metrics_.set_queue(items_.size());
  return taken;
}

void BatchQueue::work() {
  auto gather = Clock::now();
  while (true) {
    const std::vector<Item> items = next(gather);
    if (items.empty()) return;
    const auto start = Clock::now();
    process(items);
    if (allocator_statistics().cached_bytes > kCachedBytes) release_cached_blocks();
    // The clients that have just got their answers are about to send their next sentences.
    const auto end = Clock::now();
    gather = end + std::min<Clock::duration>((end - start) / 8, kGatherTime);
  }
}

void BatchQueue::process(const std::vector<Item>& items) {
  std::exception_ptr error;
  try {
    if (const auto* task = items[0].call->task)
      (*task)();
    else
      translate_items(items);
  } catch (...) {
    error = std::current_exception();
  }
  const std::lock_guard lock(mutex_);
  under_way_ -= items.size();
  for (const Item& item : items) {
    if (error) item.call->error = error;
    if (--item.call->left == 0) item.call->done.notify_one();  // locked: the call may end at once
  }
}

void BatchQueue::translate_items(const std::vector<Item>& items) {
  std::vector<std::string> sentences;
  for (const Item& item : items) sentences.push_back((*item.call->sentences)[item.index]);
  auto results = translator_.translate(sentences, *items[0].call->search);
  std::size_t read = 0, written = 0;
  for (std::size_t i = 0; i < items.size(); ++i) {
    read += results[i][0].source_tokens.size();
    for (const Translation& translation : results[i])
      written += translation.hypothesis.tokens.size();
    items[i].call->results[items[i].index] = std::move(results[i]);
  }
  metrics_.count_batch(items.size(), read, written);
}

}  // namespace babelgrad::apps
