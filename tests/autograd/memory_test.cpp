// What memory holds when: baselines, release during the backward pass, recycled blocks, steady
// state; and gradients on two threads at once.
#include <doctest/doctest.h>

#include <cstring>
#include <thread>

#include "babelgrad/autograd/backward.h"
#include "babelgrad/autograd/products/gemm.h"
#include "babelgrad/autograd/vjp.h"
#include "tests/autograd/gradcheck_table.h"
#include "tests/autograd/model.h"

namespace babelgrad {
namespace {

using D = Tensor<double>;

// Fills every block that waits in this thread's cache with ones in all bits: NaN as a float or a
// double, -1 as an index. Leaves one more block of each size in the cache than there was.
void poison_cache() {
  for (std::size_t octave = 64; octave <= (std::size_t{1} << 19); octave *= 2)
    for (std::size_t quarter = 4; quarter < 8; ++quarter) {
      const std::size_t bytes = octave / 4 * quarter;
      std::vector<void*> blocks;
      std::size_t asked_system = 0;
      while (asked_system == 0) {
        const std::size_t before = allocator_statistics().system_allocations;
        blocks.push_back(allocate_block(bytes));
        asked_system = allocator_statistics().system_allocations - before;
        std::memset(blocks.back(), 0xff, bytes);
      }
      for (void* block : blocks) free_block(block, bytes);
    }
}

TEST_CASE("a full cache makes room for the sizes that are wanted now") {
  constexpr std::size_t kOld = std::size_t{64} << 20, kNew = std::size_t{96} << 20;
  constexpr std::size_t kLimit = std::size_t{1} << 30;
  std::thread([&] {  // with a cache of its own; nothing is written, so that nothing is resident
    std::vector<void*> old;
    for (std::size_t i = 0; i < kLimit / kOld + 1; ++i) old.push_back(allocate_block(kOld));
    for (void* block : old) free_block(block, kOld);
    CHECK(allocator_statistics().cached_bytes == kLimit);
    free_block(allocate_block(kNew), kNew);
    CHECK(allocator_statistics().cached_bytes == kLimit - 2 * kOld + kNew);
    const AllocatorStatistics before = allocator_statistics();
    free_block(allocate_block(kNew), kNew);
    free_block(allocate_block(kOld), kOld);
    CHECK(allocator_statistics().system_allocations == before.system_allocations);
    CHECK(allocator_statistics().reused_blocks == before.reused_blocks + 2);
    CHECK(allocator_statistics().cached_bytes == before.cached_bytes);
  })
      .join();
}

TEST_CASE("memory returns to its baseline after a training step") {
  const SmallModel<float> model;
  std::vector<Tensor<float>> parameters = model.parameters();
  const std::size_t before = live_array_bytes();
  {
    const Tensor<float> loss = model.loss_of_batch(1);
    CHECK(live_array_bytes() > before);
    gradients(loss, parameters);
  }
  CHECK(live_array_bytes() == before);
  model.loss_of_batch(2).backward();
  CHECK(live_array_bytes() > before);
  for (Tensor<float>& parameter : parameters) parameter.zero_grad();
  CHECK(live_array_bytes() == before);
  { const Tensor<float> never_differentiated = model.loss_of_batch(3); }
  CHECK(live_array_bytes() == before);
}

TEST_CASE("every row: memory returns to its baseline") {
  for (const Row& row : all_rows()) {
    INFO(row.op, ": ", row.label);
    const std::vector<D> leaves = leaves_of<double>(row);
    const std::size_t before = live_array_bytes();
    {
      const D output = row.in_double(leaves);
      gradients(output, random_array(output.shape(), 1), leaves);
    }
    CHECK(live_array_bytes() == before);
  }
}

// An op that saves something beside the graph's own arrays.
D with_token(const D& x, std::shared_ptr<int> token) {
  return record<double>("with_token", {x}, x.value(), [token](Vjp<double>& c) {
    ++*token;
    c.accumulate(0, c.grad);
  });
}

TEST_CASE("histories are released while the backward pass goes on") {
  const std::size_t n = 10000, bytes = n * sizeof(double);
  D x = random_leaf({n}, 1);
  auto token = std::make_shared<int>(0);
  const std::weak_ptr<int> watch = token;
  std::size_t live_at_end = 0, live_midway = 0;
  bool token_alive = true;
  x.register_hook([&](const Array<double>&) {
    live_at_end = live_array_bytes();
    token_alive = !watch.expired();
    return std::nullopt;
  });
  const std::size_t before = live_array_bytes();
  const auto build = [&] {
    D y = x;
    for (int i = 0; i < 20; ++i) {
      y = tanh(y);
      if (i != 9) continue;
      y.register_hook([&](const Array<double>&) {
        live_midway = live_array_bytes();
        return std::nullopt;
      });
    }
    return sum(with_token(y, std::move(token)));
  };
  {
    const D loss = build();
    CHECK(live_array_bytes() > before + 20 * bytes);
    loss.backward();
    CHECK(live_midway < before + 15 * bytes);
    CHECK(live_at_end < before + 4 * bytes);
    CHECK_FALSE(token_alive);
    CHECK(live_array_bytes() < before + 3 * bytes);  // the loss and x.grad()
  }
  token = std::make_shared<int>(0);
  const std::weak_ptr<int> held = token;
  const D handle = with_token(x, std::move(token));  // a handle keeps the value, not the history
  sum(handle).backward();
  CHECK(held.expired());
  CHECK(handle.node().inputs.empty());
  token = std::make_shared<int>(0);
  const std::weak_ptr<int> second = token;
  const D kept = build();
  kept.backward(BackwardOptions{.retain_graph = true});
  kept.backward(BackwardOptions{.retain_graph = true});
  CHECK(*second.lock() == 2);
  kept.backward();
  CHECK(second.expired());
}

template <class T>
std::vector<Array<T>> loss_and_gradients(const SmallModel<T>& model, std::uint64_t seed) {
  const Tensor<T> loss = model.loss_of_batch(seed);
  std::vector<Array<T>> all = gradients(loss, model.parameters());
  all.push_back(loss.value());
  return all;
}

TEST_CASE_TEMPLATE("recycled memory never reaches a result: a whole model", T, float, double) {
  const SmallModel<T> model;
  release_cached_blocks();
  const auto expected = loss_and_gradients(model, 1);
  const std::size_t cached = allocator_statistics().cached_bytes;
  for (int run = 0; run < 3; ++run) {
    poison_cache();
    CHECK(allocator_statistics().cached_bytes > cached);
    CHECK(max_difference(loss_and_gradients(model, 1), expected) == 0);
  }
}

TEST_CASE("recycled memory never reaches a result: every row") {
  for (const Row& row : all_rows()) {
    INFO(row.op, ": ", row.label);
    const std::vector<D> leaves = leaves_of<double>(row);
    const auto run = [&] {
      const D output = row.in_double(leaves);
      std::vector<Array<double>> all = gradients(output, random_array(output.shape(), 1), leaves);
      all.push_back(output.value());
      return all;
    };
    release_cached_blocks();
    const auto expected = run();
    poison_cache();
    CHECK(max_difference(run(), expected) == 0);
  }
}

TEST_CASE("in its steady state a step asks the system for no array memory") {
  const SmallModel<float> model;
  for (int step = 0; step < 3; ++step) loss_and_gradients(model, 1);
  const AllocatorStatistics before = allocator_statistics();
  for (int step = 0; step < 5; ++step) loss_and_gradients(model, 1);
  const AllocatorStatistics after = allocator_statistics();
  CHECK(after.system_allocations == before.system_allocations);
  CHECK(after.reused_blocks > before.reused_blocks + 5 * 50);
  CHECK(after.cached_bytes == before.cached_bytes);
}

TEST_CASE("allocator: blocks are aligned, large enough, reused, and given back") {
  release_cached_blocks();
  CHECK(allocator_statistics().cached_bytes == 0);
  for (std::size_t bytes = 1; bytes < 300000; bytes = bytes * 5 / 4 + 1) {
    INFO(bytes, " bytes");
    const std::size_t live = live_array_bytes();
    void* block = allocate_block(bytes);
    CHECK(reinterpret_cast<std::uintptr_t>(block) % 64 == 0);
    const std::size_t size = live_array_bytes() - live;
    CHECK(size >= bytes);
    CHECK(size <= std::max<std::size_t>(64, bytes + bytes / 4 + 64));
    std::memset(block, 1, size);
    free_block(block, bytes);
    CHECK(live_array_bytes() == live);
    CHECK(allocate_block(size) == block);  // the same class
    free_block(block, size);
  }
  CHECK(allocator_statistics().cached_bytes > 0);
  release_cached_blocks();
  CHECK(allocator_statistics().cached_bytes == 0);
  CHECK_THROWS_AS(zeros<float>({std::size_t{1} << 62}), std::bad_alloc);
}

TEST_CASE("allocator: the process's statistics are the sum of its threads', ended ones included") {
  const AllocatorStatistics before = process_allocator_statistics();
  const auto allocate_twice = [] {
    for (int i = 0; i < 2; ++i) free_block(allocate_block(1000), 1000);
  };
  release_cached_blocks();
  allocate_twice();
  std::thread other([&] {
    allocate_twice();
    CHECK(allocator_statistics().system_allocations == 1);
    CHECK(allocator_statistics().reused_blocks == 1);
    CHECK(allocator_statistics().allocated_bytes == 2 * allocator_statistics().cached_bytes);
  });
  other.join();
  const AllocatorStatistics after = process_allocator_statistics();
  CHECK(after.system_allocations == before.system_allocations + 2);
  CHECK(after.reused_blocks == before.reused_blocks + 2);
  CHECK(after.allocated_bytes >= before.allocated_bytes + 4 * 1000);
  CHECK(after.cached_bytes == allocator_statistics().cached_bytes);
}

TEST_CASE("allocator: a thread that frees what another allocates keeps none of it") {
  std::vector<Array<float>> arrays;
  const auto consume = [&] {
    Array<float> own = zeros<float>({5000});
    own = Array<float>();
    const std::size_t cached = allocator_statistics().cached_bytes;
    arrays.clear();
    return allocator_statistics().cached_bytes - cached;
  };
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 8; ++i) arrays.push_back(zeros<float>({1000}));
    std::size_t kept = 1;
    std::thread([&] { kept = consume(); }).join();
    CHECK(kept == 0);
  }
  // Of a size that it uses itself it keeps no more than it needs.
  for (int i = 0; i < 8; ++i) arrays.push_back(zeros<float>({5000}));
  std::size_t kept = 1;
  std::thread([&] { kept = consume(); }).join();
  CHECK(kept == 0);
}

TEST_CASE("two threads differentiate at once through shared parameters") {
  const int blas = blas_threads();
  set_blas_threads(1);
  const SmallModel<float> model;
  const std::vector<std::vector<Array<float>>> expected{loss_and_gradients(model, 1),
                                                        loss_and_gradients(model, 2)};
  double worst[2] = {0, 0};
  const auto work = [&](std::size_t which) {
    for (int run = 0; run < 300; ++run) {
      const double d = max_difference(loss_and_gradients(model, which + 1), expected[which]);
      if (!(d <= worst[which])) worst[which] = d;  // a NaN is taken over, and stays
      if (std::isnan(worst[which])) return;
    }
  };
  std::thread first(work, 0), second(work, 1);
  first.join();
  second.join();
  CHECK(worst[0] == 0);
  CHECK(worst[1] == 0);
  for (const Tensor<float>& parameter : model.parameters()) CHECK_FALSE(parameter.has_grad());
  set_blas_threads(blas);
}

TEST_CASE("arrays may outlive the thread that made them, and its cache") {
  const std::size_t before = live_array_bytes();
  {
    D made;
    std::thread([&] { made = sum(exp(random_leaf({1000}, 1))); }).join();
    CHECK(made.requires_grad());
    std::thread([moved = std::move(made)] { moved.backward(); }).join();
  }
  CHECK(live_array_bytes() == before);
}

}  // namespace
}  // namespace babelgrad
