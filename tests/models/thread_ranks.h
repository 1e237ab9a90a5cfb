// Ranks that are threads of one process.
#pragma once

#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

#include "babelgrad/models/ranks/ranks.h"

namespace babelgrad {

// What is on its way between them.
struct Mail {
  std::mutex mutex;
  std::condition_variable arrived;
  std::map<std::pair<std::size_t, std::size_t>, std::deque<std::vector<std::byte>>> boxes;
  std::exception_ptr error;  // the first that a rank has thrown
};

class ThreadRanks : public Ranks {
 public:
  ThreadRanks(std::size_t rank, std::size_t size, Mail& mail)
      : rank_(rank), size_(size), mail_(mail) {}
  std::size_t rank() const override { return rank_; }
  std::size_t size() const override { return size_; }

  void exchange(const std::vector<Outgoing>& outgoing,
                const std::vector<Incoming>& incoming) override {
    std::unique_lock lock(mail_.mutex);
    for (const Outgoing& out : outgoing) {
      if (out.to == rank_) throw std::logic_error("a rank sends to itself");
      const auto* data = static_cast<const std::byte*>(out.data);
      mail_.boxes[{rank_, out.to}].emplace_back(data, data + out.bytes);
    }
    mail_.arrived.notify_all();
    for (const Incoming& in : incoming) {
      auto& box = mail_.boxes[{in.from, rank_}];
      mail_.arrived.wait(lock, [&] { return !box.empty() || mail_.error; });
      if (box.empty()) throw RankError("another rank has failed");
      if (box.front().size() != in.bytes) throw std::logic_error("a rank awaits another size");
      if (in.bytes > 0) std::memcpy(in.data, box.front().data(), in.bytes);
      box.pop_front();
    }
  }
  void abort(int) override { std::terminate(); }

 private:
  std::size_t rank_, size_;
  Mail& mail_;
};

// task(ranks) on `size` ranks; the first exception is thrown again.
inline void run_ranks(std::size_t size, const std::function<void(Ranks&)>& task) {
  Mail mail;
  std::vector<std::thread> threads;
  for (std::size_t r = 0; r < size; ++r)
    threads.emplace_back([&, r] {
      ThreadRanks ranks(r, size, mail);
      try {
        task(ranks);
      } catch (...) {
        const std::lock_guard lock(mail.mutex);
        if (!mail.error) mail.error = std::current_exception();
        mail.arrived.notify_all();
      }
    });
  for (std::thread& thread : threads) thread.join();
  if (mail.error) std::rethrow_exception(mail.error);
}

}  // namespace babelgrad
