#include "babelgrad/apps/server/batch_queue.h"

#include <algorithm>
#include <new>
#include <numeric>
#include <optional>
#include <utility>

#include "babelgrad/autograd/allocator.h"
#include "babelgrad/models/worker_pool.h"

namespace babelgrad::apps {
namespace {

constexpr std::chrono::milliseconds kGatherTime{10};
constexpr std::size_t kCachedBytes = 64 << 20;  // that a worker keeps after an unusual request

// Work, in hypotheses x tokens. A request is short while what is left of it is: 3 sentences of 30
// tokens at beam 5 are; a batch may have as much as if all its sentences were of 25 tokens.
constexpr std::size_t kShortWork = 512;
constexpr std::size_t kOrdinaryWork = 128;
constexpr std::size_t kOvertakings = 4;           // of a long one, in a row
constexpr std::chrono::seconds kExpectShort{60};  // after short work: more of it may come

// Does a part of somebody's work. Without the memory even to say that, nothing is said, and the
// client's deadline answers.
template <class Part>
void unless_out_of_memory(const Part& part) {
  try {
    part();
  } catch (const std::bad_alloc&) {
  }
}

}  // namespace

struct BatchQueue::Call {
  explicit Call(Job j)
      : job(std::move(j)),
        order(job.work.size()),
        results(job.sentences.size()),
        rest(std::accumulate(job.work.begin(), job.work.end(), std::size_t{0})),
        left(job.work.size()) {
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return job.work[a] < job.work[b]; });
  }

  bool gone() const { return job.gone && *job.gone; }
  std::size_t waiting() const { return order.size() - next; }
  std::size_t work() const { return job.work[order[next]]; }  // of the next one
  bool is_short() const { return rest <= kShortWork; }
  bool can_share_with(const Call& other) const {
    return !job.task && !other.job.task && job.translator == other.job.translator &&
           job.search == other.job.search;
  }

  Job job;
  std::vector<std::size_t> order;  // in which the sentences begin: the shortest first
  std::vector<std::vector<Translation>> results;
  std::size_t next = 0;  // place in `order` of the first that has not begun
  std::size_t rest;      // work that has not begun
  std::size_t left;      // not yet done
  std::exception_ptr error;
};

BatchQueue::BatchQueue(ServerMetrics& metrics, std::size_t threads, const Limits& limits)
    : metrics_(metrics),
      threads_(threads),
      limits_(limits),
      last_short_(Clock::now() - kExpectShort) {
  if (threads_ == 0) threads_ = usable_cores();
  for (std::size_t i = 0; i < threads_; ++i) workers_.emplace_back([this] { work(); });
}

BatchQueue::~BatchQueue() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void BatchQueue::submit(Job job) {
  const std::size_t items = job.work.size();
  if (items == 0) return job.done({}, nullptr);
  // Where there is no memory nothing must be counted that does not come.
  std::list<CallPointer> calls{std::make_shared<Call>(std::move(job))};
  const Job& submitted = calls.front()->job;
  const std::lock_guard lock(mutex_);
  drop_gone();
  auto client = std::find_if(clients_.begin(), clients_.end(),
                             [&](const Client& c) { return c.name == submitted.client; });
  const std::size_t own = client == clients_.end() ? 0 : client->waiting;
  // A short request of a client that has nothing waiting finds room where others fill the queue.
  const bool has_room = own == 0 && calls.front()->is_short();
  if (waiting_ + items > limits_.all + (has_room ? limits_.all / 8 : 0))
    throw QueueFullError(std::to_string(waiting_) + " sentences wait already; at most " +
                         std::to_string(limits_.all) + " may");
  if (own + items > limits_.of_client)
    throw QueueFullError(std::to_string(own) + " of your sentences wait already; at most " +
                         std::to_string(limits_.of_client) + " may");
  if (client == clients_.end()) client = clients_.insert(client, Client{submitted.client, {}, 0});
  if (calls.front()->is_short()) waiting_short_ += items, last_short_ = Clock::now();
  client->calls.splice(client->calls.end(), calls);
  client->waiting += items;
  waiting_ += items;
  metrics_.set_queue(waiting_);
  changed_.notify_all();
}

std::size_t BatchQueue::share() const {
  return std::min(limits_.batch, (waiting_ + under_way_ + threads_ - 1) / threads_);
}

bool BatchQueue::may_begin_long() const {
  const bool keep_one = threads_ > 1 && !stopping_ && Clock::now() - last_short_ < kExpectShort;
  return !keep_one || long_workers_ + 1 < threads_;
}

bool BatchQueue::may_begin() const {
  return waiting_short_ > 0 || (waiting_ > 0 && may_begin_long());
}

void BatchQueue::drop_gone() {
  for (auto client = clients_.begin(); client != clients_.end();) {
    auto& calls = client->calls;
    for (auto call = calls.begin(); call != calls.end();) {
      if ((*call)->gone()) {
        const std::size_t dropped = (*call)->waiting();
        if ((*call)->is_short()) waiting_short_ -= dropped;
        client->waiting -= dropped, waiting_ -= dropped;
        (*call)->left -= dropped, (*call)->next += dropped;
        call = calls.erase(call);
      } else {
        ++call;
      }
    }
    client = calls.empty() ? clients_.erase(client) : std::next(client);
  }
  metrics_.set_queue(waiting_);
}

BatchQueue::Item BatchQueue::take_from(std::list<Client>::iterator client,
                                       std::list<CallPointer>::iterator call) {
  const bool is_short = (*call)->is_short();
  const Item item{*call, (*call)->order[(*call)->next], is_short};
  (*call)->rest -= (*call)->work();
  ++(*call)->next, --client->waiting, --waiting_;
  if (is_short)
    --waiting_short_;
  else if ((*call)->is_short())  // from now on
    waiting_short_ += (*call)->waiting();
  if ((*call)->waiting() > 0)
    client->calls.splice(client->calls.end(), client->calls, call);
  else
    client->calls.erase(call);
  if (client->calls.empty())
    clients_.erase(client);
  else
    clients_.splice(clients_.end(), clients_, client);
  return item;
}

BatchQueue::Item BatchQueue::take(const std::function<bool(const Call&)>& wanted) {
  for (auto client = clients_.begin(); client != clients_.end(); ++client) {
    auto& calls = client->calls;
    const auto call =
        std::find_if(calls.begin(), calls.end(), [&](const auto& c) { return wanted(*c); });
    if (call != calls.end()) return take_from(client, call);
  }
  return {};
}

std::vector<BatchQueue::Item> BatchQueue::take_batch() {
  if (!may_begin()) return {};
  const bool first_is_short = clients_.front().calls.front()->is_short();
  bool is_short = waiting_short_ > 0;
  if (is_short && !first_is_short && may_begin_long() && ++overtaken_ > kOvertakings)
    is_short = false;
  if (!is_short || first_is_short) overtaken_ = 0;

  const std::size_t most = share();  // of all, the first one too
  std::vector<Item> items{take([&](const Call& call) { return call.is_short() == is_short; })};
  const Call& first = *items[0].call;
  std::size_t left = limits_.batch * kOrdinaryWork;
  left -= std::min(left, work_of(items[0]));
  while (items.size() < most) {
    Item item = take([&](const Call& call) {
      const bool fits = call.is_short() == is_short || &call == &first;  // which may turn short
      return fits && call.work() <= left && call.can_share_with(first);
    });
    if (!item.call) break;
    left -= work_of(item);
    items.push_back(std::move(item));
  }
  return items;
}

std::vector<BatchQueue::Item> BatchQueue::next(Clock::time_point gather) {
  std::unique_lock lock(mutex_);
  while (true) {
    const auto may_go_on = [this] { return stopping_ || may_begin(); };
    if (waiting_ > 0)  // long ones, which are held back for a time
      changed_.wait_until(lock, last_short_ + kExpectShort, may_go_on);
    else
      changed_.wait(lock, may_go_on);
    changed_.wait_until(lock, gather, [this] { return stopping_ || waiting_ >= share(); });
    drop_gone();
    if (waiting_ == 0 && stopping_) return {};
    std::vector<Item> items = take_batch();  // another worker may have taken them meanwhile
    if (items.empty()) continue;
    under_way_ += items.size();
    if (!items[0].is_short) ++long_workers_;
    metrics_.set_queue(waiting_);
    return items;
  }
}

std::size_t BatchQueue::work_of(const Item& item) { return item.call->job.work[item.index]; }

void BatchQueue::work() {
  auto gather = Clock::now();
  while (true) {
    std::optional<std::vector<Item>> items;
    unless_out_of_memory([&] { items = next(gather); });
    if (!items) continue;
    if (items->empty()) return;
    const auto start = Clock::now();
    process(std::move(*items));
    if (allocator_statistics().cached_bytes > kCachedBytes) release_cached_blocks();
    // The clients that have just got their answers are about to send their next sentences.
    const auto end = Clock::now();
    gather = end + std::min<Clock::duration>((end - start) / 8, kGatherTime);
  }
}

void BatchQueue::process(std::vector<Item> items) {
  if (const auto& task = items[0].call->job.task)
    unless_out_of_memory(task);
  else
    search(items);
  {
    const std::lock_guard lock(mutex_);
    under_way_ -= items.size();
    if (!items[0].is_short) --long_workers_;
    for (Item& item : items)
      if (--item.call->left > 0) item.call.reset();
  }
  changed_.notify_all();  // a long one may begin now
  for (const Item& item : items)
    if (const CallPointer& call = item.call; call && call->job.done && !call->gone())
      unless_out_of_memory([&] { call->job.done(std::move(call->results), call->error); });
}

// Asks for no memory itself: it also runs where there was none.
void BatchQueue::search(std::span<const Item> items) noexcept {
  try {
    translate(items);
  } catch (...) {
    if (items.size() > 1) {  // the failure of one is not that of the others
      for (const Item& item : items) search({&item, 1});
    } else {
      const std::lock_guard lock(mutex_);
      items[0].call->error = std::current_exception();
    }
  }
}

void BatchQueue::translate(std::span<const Item> items) {
  std::vector<std::string> sentences;
  SearchOptions options{.abandon = [&](std::size_t i) { return items[i].call->gone(); }};
  for (const Item& item : items) {
    sentences.push_back(item.call->job.sentences[item.index]);
    options.numbers.push_back(item.index);
  }
  const Job& first = items[0].call->job;
  auto results = first.translator->translate(sentences, first.search, options);
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
