// Profile: what it counts, whose time is whose, several threads, and that every op is seen.
#include "babelgrad/autograd/inspection/profile.h"

#include <doctest/doctest.h>

#include <chrono>
#include <thread>

#include "babelgrad/autograd/backward.h"
#include "babelgrad/autograd/ops.h"
#include "babelgrad/autograd/vjp.h"
#include "tests/autograd/gradcheck_table.h"

namespace babelgrad {
namespace {

const ProfileRow* find(const std::vector<ProfileRow>& rows, const std::string& name) {
  for (const ProfileRow& row : rows)
    if (row.name == name) return &row;
  return nullptr;
}

void wait_milliseconds(int count) { std::this_thread::sleep_for(std::chrono::milliseconds(count)); }

double sum_of_milliseconds(const ProfileReport& report) {
  double sum = report.other_ms;
  for (const ProfileRow& row : report.ops) sum += row.milliseconds();
  for (const ProfileRow& row : report.sections) sum += row.milliseconds();
  return sum;
}

void multiply_once() {
  const Tensor<double> a({2, 3}, {1, 2, 3, 4, 5, 6}, kRequiresGrad);
  const Tensor<double> b({3, 4}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, kRequiresGrad);
  gradients(sum(matmul(a, b)), {a, b});
}

TEST_CASE("profile: calls, operations and bytes of a product and its gradients") {
  Profile profile;
  {
    const Profiling profiling(&profile);
    multiply_once();
    multiply_once();
  }
  multiply_once();  // not measured
  const ProfileReport report = profile.report();
  CHECK(report.threads == 1);
  const ProfileRow* row = find(report.ops, "matmul");
  REQUIRE(row != nullptr);
  CHECK(row->calls == 2);
  CHECK(row->product_flops == 2 * 3 * (2.0 * 2 * 3 * 4));  // a product forward, two backward
  CHECK(row->bytes >= 2 * sizeof(double) * (2 * 4 + 2 * 3 + 3 * 4));
  CHECK(row->forward_ms > 0);
  CHECK(row->backward_ms > 0);
  REQUIRE(find(report.ops, "sum") != nullptr);
  CHECK(find(report.ops, "sum")->product_flops == 0);
  CHECK(report.sections.empty());
  CHECK(std::abs(sum_of_milliseconds(report) - report.wall_ms) < 1e-6);
}

TEST_CASE("profile: every op of the gradient-check table shows both phases") {
  for (const Row& row : all_rows()) {
    INFO(row.op, ": ", row.label);
    Profile profile;
    {
      const Profiling profiling(&profile);
      const std::vector<Tensor<double>> leaves = leaves_of<double>(row);
      const Tensor<double> output = row.in_double(leaves);
      gradients(output, full<double>(output.shape(), 1), leaves);
    }
    const ProfileReport report = profile.report();
    const ProfileRow* found = find(report.ops, row.op);
    REQUIRE(found != nullptr);
    CHECK(found->calls >= 1);
    CHECK(found->forward_ms > 0);
    CHECK(found->backward_ms > 0);
  }
}

TEST_CASE("profile: the time inside an inner scope is the inner scope's alone") {
  Profile profile;
  {
    const Profiling profiling(&profile);
    const Profiling again(&profile);  // changes nothing
    const ProfileScope outer("outer", Phase::section);
    const ProfileScope inner("inner", Phase::section);
    wait_milliseconds(20);
  }
  const ProfileReport report = profile.report();
  REQUIRE(report.sections.size() == 2);
  CHECK(report.sections[0].name == "inner");
  CHECK(report.sections[0].milliseconds() >= 20);
  CHECK(report.sections[1].milliseconds() < 20);
  CHECK(std::abs(sum_of_milliseconds(report) - report.wall_ms) < 1e-6);
}

TEST_CASE("profile: threads are added up, and idle time is waiting") {
  Profile profile;
  {
    const Profiling profiling(&profile);
    std::thread other([&] {
      CHECK(Profiling::current() == nullptr);
      const Profiling profiling_here(&profile);
      CHECK(Profiling::current() == &profile);
      multiply_once();
    });
    multiply_once();
    other.join();
    wait_milliseconds(20);
  }
  CHECK(Profiling::current() == nullptr);
  const ProfileReport report = profile.report();
  CHECK(report.threads == 2);
  REQUIRE(find(report.ops, "matmul") != nullptr);
  CHECK(find(report.ops, "matmul")->calls == 2);
  REQUIRE(find(report.sections, kWaiting) != nullptr);
  CHECK(find(report.sections, kWaiting)->milliseconds() >= 20);
  CHECK(std::abs(sum_of_milliseconds(report) - 2 * report.wall_ms) < 1e-6);
}

TEST_CASE("profile: two at once, one a thread, do not mix") {
  Profile outer, inner;
  {
    const Profiling measure_outer(&outer);
    multiply_once();
    const Profiling measure_inner(&inner);
    multiply_once();
  }
  CHECK(find(outer.report().ops, "matmul")->calls == 1);
  CHECK(find(inner.report().ops, "matmul")->calls == 1);
}

TEST_CASE("profile: an op of the user's own, with and without its line") {
  const auto twice = [](const Tensor<double>& x) {
    return record<double>("twice", {x}, 2.0 * x.value(),
                          [](Vjp<double>& c) { c.accumulate(0, 2.0 * c.grad); });
  };
  const Tensor<double> x(3.0, kRequiresGrad);
  Profile with, without;
  {
    const Profiling profiling(&with);
    const Tensor<double> y = [&] {
      const ProfileScope profile("twice");
      return twice(x);
    }();
    gradients(y, {x});
  }
  {
    const Profiling profiling(&without);
    gradients(twice(x), {x});
  }
  CHECK(find(with.report().ops, "twice")->calls == 1);
  CHECK(find(without.report().ops, "twice")->calls == 0);
  CHECK(find(without.report().ops, "twice")->backward_ms > 0);
}

TEST_CASE("profile: the table") {
  ProfileReport report;
  report.threads = 2;
  report.wall_ms = 100;
  report.ops = {{"linear_cross_entropy", 12, 60, 20, 3500000, 1.6e9}, {"tanh", 24, 15, 5, 0, 0}};
  report.sections = {{"optimizer", 12, 50, 0, 0, 0}, {kWaiting, 24, 30, 0, 0, 0}};
  report.other_ms = 20;
  CHECK("\n" + to_string(report) == R"(
op                      calls   forward ms  backward ms         MB   GFLOP/s    share
linear_cross_entropy       12         60.0         20.0        3.5      20.0    40.0%
tanh                       24         15.0          5.0        0.0         -    10.0%
outside ops             calls           ms                                      share
optimizer                  12         50.0                                      25.0%
waiting                    24         30.0                                      15.0%
other                                 20.0                                      10.0%
total                                200.0                                     100.0% = 2 threads for 100 ms, 1.60 GFLOP of products
)");
}

TEST_CASE("profile: the cost of each node, forward and backward") {
  const Tensor<double> a = random_leaf({40, 40}, 1);
  const Tensor<double> before = tanh(a);
  Profile profile(ProfileDetail::nodes);
  const auto run = [&] {
    const Profiling profiling(&profile);
    const Tensor<double> first = matmul(before, a), second = matmul(first, a), loss = sum(second);
    gradients(loss, {a});
    return std::vector<std::uint64_t>{first.node().id, second.node().id, loss.node().id};
  };
  const std::vector<std::uint64_t> made = run();
  const NodeCosts costs = profile.node_costs();
  CHECK(costs.size() == 4);
  for (const std::uint64_t id : made) {
    CHECK(costs.at(id).forward_ms > 0);
    CHECK(costs.at(id).backward_ms > 0);
  }
  CHECK(costs.at(before.node().id).forward_ms == 0);  // not measured
  CHECK(costs.at(before.node().id).backward_ms > 0);
  const ProfileReport report = profile.report();
  const ProfileRow* row = find(report.ops, "matmul");
  REQUIRE(row != nullptr);
  CHECK(std::abs(costs.at(made[0]).forward_ms + costs.at(made[1]).forward_ms - row->forward_ms) <
        1e-9);
  Profile plain;
  {
    const Profiling profiling(&plain);
    multiply_once();
  }
  CHECK(plain.node_costs().empty());
}

}  // namespace
}  // namespace babelgrad
