#include "babelgrad/models/worker_pool.h"

#ifdef __linux__
#include <sched.h>
#endif

#include <algorithm>
#include <stdexcept>
#include <string>
#include <system_error>

#include "babelgrad/autograd/products/gemm.h"

namespace babelgrad {
namespace {

// The BLAS's number of threads belongs to the process, and so does the count of who wants it at
// one: the first sets it, the last to end restores it.
class OneThreadProducts {
 public:
  OneThreadProducts() {
    const std::lock_guard lock(mutex_);
    if (users_++ > 0) return;
    before_ = blas_threads();
    if (before_ != 1) set_blas_threads(1);
  }
  ~OneThreadProducts() {
    const std::lock_guard lock(mutex_);
    if (--users_ == 0 && before_ != 1) set_blas_threads(before_);
  }
  OneThreadProducts(const OneThreadProducts&) = delete;
  OneThreadProducts& operator=(const OneThreadProducts&) = delete;

 private:
  static inline std::mutex mutex_;
  static inline int users_ = 0, before_ = 1;
};

}  // namespace

std::size_t usable_cores() {
#ifdef __linux__
  cpu_set_t cores;
  if (::sched_getaffinity(0, sizeof cores, &cores) == 0)
    return static_cast<std::size_t>(std::max(1, CPU_COUNT(&cores)));
#endif
  return std::max(1u, std::thread::hardware_concurrency());
}

WorkerPool::WorkerPool(std::size_t threads) {
  if (threads == 0) threads = usable_cores();
  try {
    for (std::size_t i = 1; i < threads; ++i) workers_.emplace_back([this, i] { work(i); });
  } catch (const std::system_error&) {
    stop();
    throw std::runtime_error("cannot start " + std::to_string(threads) + " threads");
  }
}

WorkerPool::~WorkerPool() { stop(); }

void WorkerPool::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  start_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void WorkerPool::run(std::size_t count, const std::function<void(std::size_t)>& task) {
  const OneThreadProducts one_thread_products;
  {
    const std::lock_guard lock(mutex_);
    task_ = &task;
    profile_ = Profiling::current();
    modes_ = thread_modes();
    count_ = count;
    running_ = workers_.size();
    error_ = nullptr;
    ++round_;
  }
  start_.notify_all();
  run_share(0);
  const ProfileScope waiting(kWaiting, Phase::section);
  std::unique_lock lock(mutex_);
  done_.wait(lock, [this] { return running_ == 0; });
  if (error_) std::rethrow_exception(error_);
}

void WorkerPool::work(std::size_t thread) {
  std::size_t seen = 0;
  while (true) {
    {
      std::unique_lock lock(mutex_);
      start_.wait(lock, [&] { return stopping_ || round_ != seen; });
      if (stopping_) return;
      seen = round_;
    }
    {
      const Profiling profiling(profile_);
      const ModesGuard modes(modes_);
      run_share(thread);
    }
    const std::lock_guard lock(mutex_);
    if (--running_ == 0) done_.notify_one();
  }
}

void WorkerPool::run_share(std::size_t thread) {
  try {
    for (std::size_t i = thread; i < count_; i += threads()) (*task_)(i);
  } catch (...) {
    const std::lock_guard lock(mutex_);
    if (!error_) error_ = std::current_exception();
  }
}

void run_tasks(WorkerPool* pool, std::size_t count, const std::function<void(std::size_t)>& task) {
  if (pool != nullptr) {
    pool->run(count, task);
    return;
  }
  for (std::size_t i = 0; i < count; ++i) task(i);
}

}  // namespace babelgrad
