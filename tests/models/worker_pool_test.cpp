// WorkerPool: every task once, on its own thread, exceptions handed on, also many times in a row;
// the BLAS's threads meanwhile.
#include <doctest/doctest.h>

#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>

#include "babelgrad/autograd/products/gemm.h"
#include "babelgrad/models/worker_pool.h"
#include "tests/autograd/helpers.h"

namespace babelgrad {
namespace {

TEST_CASE("worker pool: every task runs once, task i on thread i modulo threads") {
  for (const std::size_t threads : {1, 2, 3, 5}) {
    WorkerPool pool(threads);
    CHECK(pool.threads() == threads);
    std::vector<std::thread::id> first(threads);
    for (const std::size_t count : {0, 1, 2, 3, 17}) {
      std::vector<int> runs(count);
      std::vector<std::thread::id> ran_on(count);
      pool.run(count, [&](std::size_t i) {
        ++runs[i];
        ran_on[i] = std::this_thread::get_id();
      });
      CHECK(runs == std::vector<int>(count, 1));
      for (std::size_t i = 0; i < count; ++i) {
        std::thread::id& expected = first[i % threads];
        if (expected == std::thread::id{}) expected = ran_on[i];
        CHECK(ran_on[i] == expected);
      }
    }
    CHECK(first[0] == std::this_thread::get_id());
  }
}

TEST_CASE("worker pool: 0 threads means one a core") {
  CHECK(WorkerPool(0).threads() == usable_cores());
  CHECK(usable_cores() >= 1);
  CHECK(usable_cores() <= std::max(1u, std::thread::hardware_concurrency()));
}

TEST_CASE("worker pool: an exception reaches the caller, and the pool goes on working") {
  WorkerPool pool(3);
  for (std::size_t thrower = 0; thrower < 6; ++thrower) {
    const auto call = [&] {
      pool.run(6, [&](std::size_t i) {
        if (i == thrower) throw std::runtime_error("task " + std::to_string(i));
      });
    };
    CHECK(message_of<std::runtime_error>(call) == "task " + std::to_string(thrower));
  }
  const auto all_throw = [](std::size_t) { throw std::runtime_error("all"); };
  CHECK(message_of<std::runtime_error>([&] { pool.run(6, all_throw); }) == "all");
  std::atomic<int> count = 0;
  pool.run(6, [&](std::size_t) { ++count; });
  CHECK(count == 6);
}

TEST_CASE("worker pool: thousands of short rounds") {
  WorkerPool pool(2);
  std::atomic<std::size_t> total = 0;
  for (std::size_t round = 0; round < 3000; ++round)
    pool.run(round % 4, [&](std::size_t i) { total += i + 1; });
  CHECK(total == 750 * (1 + 3 + 6));
}

TEST_CASE("worker pool: what the caller profiles is profiled on all threads") {
  WorkerPool pool(3);
  const auto task = [](std::size_t) { const ProfileScope scope("task", Phase::section); };
  Profile profile;
  {
    const Profiling profiling(&profile);
    pool.run(7, task);
  }
  pool.run(7, task);  // not measured
  const ProfileReport report = profile.report();
  CHECK(report.threads == 3);
  CHECK(report.ops.empty());
  REQUIRE(report.sections.size() == 2);
  for (const ProfileRow& row : report.sections)
    CHECK(row.calls == (row.name == "task" ? 7 : 1));  // the other one is the caller's waiting
}

TEST_CASE("worker pool: products use one thread each while it runs, and as before afterwards") {
  const int before = blas_threads();
  set_blas_threads(2);
  if (blas_threads() == 2) {  // else the BLAS has no such setting
    WorkerPool pool(2);
    std::atomic<int> wrong = 0;
    const auto look = [&](std::size_t) { wrong += blas_threads() != 1; };
    pool.run(4, look);
    CHECK(blas_threads() == 2);
    CHECK_THROWS_AS(pool.run(1, [](std::size_t) { throw std::runtime_error("task"); }),
                    std::runtime_error);
    CHECK(blas_threads() == 2);
    const auto run_often = [&] {  // two pools at once, one often starting as the other ends
      WorkerPool own(2);
      for (int i = 0; i < 500; ++i) own.run(2, look);
    };
    std::thread other(run_often);
    run_often();
    other.join();
    CHECK(wrong == 0);
    CHECK(blas_threads() == 2);
  }
  set_blas_threads(before);
}

TEST_CASE("run_tasks: without a pool on the caller's thread, in order") {
  std::vector<std::size_t> order;
  run_tasks(nullptr, 4, [&](std::size_t i) { order.push_back(i); });
  CHECK(order == std::vector<std::size_t>{0, 1, 2, 3});
  WorkerPool pool(2);
  std::atomic<int> count = 0;
  run_tasks(&pool, 4, [&](std::size_t) { ++count; });
  CHECK(count == 4);
}

TEST_CASE("worker pool: the caller's modes hold on all threads, while they last") {
  WorkerPool pool(3);
  const Tensor<float> x({2}, {1, 0}, kRequiresGrad);
  const auto inverse = [&](std::size_t) { reciprocal(x); };
  {
    const DetectAnomaly detect;
    for (std::size_t only = 0; only < 3; ++only)
      CHECK(message_of<NumericError>([&] {
              pool.run(3, [&](std::size_t i) {
                if (i == only) inverse(i);
              });
            }) == "anomaly: forward of reciprocal made Inf from [2]");
  }
  CHECK_NOTHROW(pool.run(3, inverse));
  std::vector<int> recorded(3);
  const auto record = [&](std::size_t i) { recorded[i] = square(x).requires_grad(); };
  {
    const NoGrad no_grad;
    pool.run(3, record);
  }
  CHECK(recorded == std::vector<int>{0, 0, 0});
  pool.run(3, record);
  CHECK(recorded == std::vector<int>{1, 1, 1});
}

}  // namespace
}  // namespace babelgrad
