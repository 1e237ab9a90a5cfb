// A fixed set of threads for numbered tasks. Task i always runs on thread i modulo the number of
// threads, thread 0 being the caller, so that what a task leaves in its thread's memory cache is
// there when it comes again. What the caller profiles (autograd/inspection/profile.h) is profiled
// on all threads, and its modes (NoGrad, DetectAnomaly ...; autograd/modes.h) hold on all.
//
// While a pool runs tasks, the process's matrix products use one thread each, since the tasks fill
// the machine; it also makes their results repeatable. Afterwards the BLAS has its setting back.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "babelgrad/autograd/inspection/profile.h"
#include "babelgrad/autograd/modes.h"

namespace babelgrad {

// Cores that this process may run on, by its affinity; at least 1.
std::size_t usable_cores();

class WorkerPool {
 public:
  // threads: at least 1; 0 means one for each usable core.
  explicit WorkerPool(std::size_t threads);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  std::size_t threads() const { return workers_.size() + 1; }

  // Runs task(0) ... task(count - 1) and waits for them all; the first exception is thrown again.
  void run(std::size_t count, const std::function<void(std::size_t)>& task);

 private:
  void work(std::size_t thread);
  void run_share(std::size_t thread);
  void stop();  // and join

  std::vector<std::thread> workers_;
  std::mutex mutex_;
  std::condition_variable start_, done_;
  const std::function<void(std::size_t)>* task_ = nullptr;
  Profile* profile_ = nullptr;
  ThreadModes modes_;
  std::size_t count_ = 0, round_ = 0, running_ = 0;
  bool stopping_ = false;
  std::exception_ptr error_;
};

// The same on the caller's thread alone if there is no pool.
void run_tasks(WorkerPool* pool, std::size_t count, const std::function<void(std::size_t)>& task);

}  // namespace babelgrad
