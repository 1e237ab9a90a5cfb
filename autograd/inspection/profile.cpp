#include "babelgrad/autograd/inspection/profile.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "babelgrad/autograd/allocator.h"
#include "babelgrad/autograd/products/gemm.h"

namespace babelgrad {
namespace {

using Rows = std::unordered_map<std::string_view, ProfileRow>;  // by name

std::int64_t nanoseconds_now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

double to_milliseconds(std::int64_t nanoseconds) { return static_cast<double>(nanoseconds) / 1e6; }

ProfileRow& row_of(Rows& rows, std::string_view name) {
  ProfileRow& row = rows[name];
  if (row.name.empty()) row.name = name;
  return row;
}

void add_rows(const Rows& from, Rows& sum) {
  for (const auto& [name, row] : from) {
    ProfileRow& total = row_of(sum, name);
    total.calls += row.calls;
    total.forward_ms += row.forward_ms;
    total.backward_ms += row.backward_ms;
    total.bytes += row.bytes;
    total.product_flops += row.product_flops;
  }
}

std::vector<ProfileRow> by_time(const Rows& rows) {
  std::vector<ProfileRow> sorted;
  for (const auto& [name, row] : rows) sorted.push_back(row);
  std::sort(sorted.begin(), sorted.end(), [](const ProfileRow& a, const ProfileRow& b) {
    return a.milliseconds() != b.milliseconds() ? a.milliseconds() > b.milliseconds()
                                                : a.name < b.name;
  });
  return sorted;
}

double total_milliseconds(const std::vector<ProfileRow>& rows) {
  double sum = 0;
  for (const ProfileRow& row : rows) sum += row.milliseconds();
  return sum;
}

}  // namespace

// What one thread has measured; written by that thread alone.
struct Profile::Thread {
  explicit Thread(Profile& p) : profile(p) {}

  Profile& profile;
  Rows ops, sections;
  NodeCosts nodes;
  std::int64_t measured = 0;          // nanoseconds under a Profiling
  ProfileScope* innermost = nullptr;  // that is open
};

Profile::Profile(ProfileDetail detail) : detail_(detail) {}
Profile::~Profile() = default;

Profile::Thread& Profile::of_this_thread() {
  const std::lock_guard lock(mutex_);
  std::unique_ptr<Thread>& thread = threads_[std::this_thread::get_id()];
  if (!thread) thread = std::make_unique<Thread>(*this);
  return *thread;
}

ProfileReport Profile::report() const {
  const std::lock_guard lock(mutex_);
  ProfileReport report;
  report.threads = threads_.size();
  Rows ops, sections;
  double measured_ms = 0;
  for (const auto& [id, thread] : threads_) {
    add_rows(thread->ops, ops);
    add_rows(thread->sections, sections);
    measured_ms += to_milliseconds(thread->measured);
    report.wall_ms = std::max(report.wall_ms, to_milliseconds(thread->measured));
  }
  report.ops = by_time(ops);
  report.other_ms =
      measured_ms - total_milliseconds(report.ops) - total_milliseconds(by_time(sections));
  const double idle_ms = static_cast<double>(report.threads) * report.wall_ms - measured_ms;
  if (idle_ms > 0) row_of(sections, kWaiting).forward_ms += idle_ms;
  report.sections = by_time(sections);
  return report;
}

NodeCosts Profile::node_costs() const {
  const std::lock_guard lock(mutex_);
  NodeCosts costs;
  for (const auto& [id, thread] : threads_)
    for (const auto& [node, cost] : thread->nodes) {
      costs[node].forward_ms += cost.forward_ms;
      costs[node].backward_ms += cost.backward_ms;
    }
  return costs;
}

Profiling::Profiling(Profile* profile) {
  if (profile == nullptr || profile == current()) return;
  mine_ = &profile->of_this_thread();
  previous_ = std::exchange(ProfileScope::measuring_, mine_);
  start_ = nanoseconds_now();
}

Profiling::~Profiling() {
  if (mine_ == nullptr) return;
  mine_->measured += nanoseconds_now() - start_;
  ProfileScope::measuring_ = previous_;
}

Profile* Profiling::current() {
  return ProfileScope::measuring_ == nullptr ? nullptr : &ProfileScope::measuring_->profile;
}

constinit thread_local Profile::Thread* ProfileScope::measuring_ = nullptr;

ProfileScope::Work ProfileScope::work_so_far() {
  return {nanoseconds_now(), allocator_statistics().allocated_bytes, gemm_flops()};
}

void ProfileScope::name_innermost(std::uint64_t node) {
  if (measuring_->innermost != nullptr) measuring_->innermost->node_ = node;
}

void ProfileScope::begin(const char* name, Phase phase, std::uint64_t node) {
  row_ = &row_of(phase == Phase::section ? measuring_->sections : measuring_->ops, name);
  thread_ = measuring_;
  phase_ = phase;
  node_ = node;
  outer_ = std::exchange(thread_->innermost, this);
  start_ = work_so_far();
}

void ProfileScope::end() noexcept {
  const Work now = work_so_far();
  const Work all{now.nanoseconds - start_.nanoseconds, now.bytes - start_.bytes,
                 now.product_flops - start_.product_flops};
  const double own_ms = to_milliseconds(all.nanoseconds - inner_.nanoseconds);
  (phase_ == Phase::backward ? row_->backward_ms : row_->forward_ms) += own_ms;
  if (node_ != 0 && thread_->profile.detail_ == ProfileDetail::nodes) {
    NodeCost& cost = thread_->nodes[node_];
    (phase_ == Phase::backward ? cost.backward_ms : cost.forward_ms) += own_ms;
  }
  row_->calls += phase_ == Phase::backward ? 0 : 1;
  row_->bytes += all.bytes - inner_.bytes;
  row_->product_flops += all.product_flops - inner_.product_flops;
  thread_->innermost = outer_;
  if (outer_ == nullptr) return;
  outer_->inner_.nanoseconds += all.nanoseconds;
  outer_->inner_.bytes += all.bytes;
  outer_->inner_.product_flops += all.product_flops;
}

std::string to_string(const ProfileReport& report) {
  std::size_t width = 11;
  for (const auto* rows : {&report.ops, &report.sections})
    for (const ProfileRow& row : *rows) width = std::max(width, row.name.size());
  const double total_ms = static_cast<double>(report.threads) * report.wall_ms;
  const auto share = [&](double ms) { return total_ms > 0 ? 100 * ms / total_ms : 0.0; };
  std::string table;
  const auto print = [&](const std::string& name, const char* format, auto... numbers) {
    char line[160];
    std::snprintf(line, sizeof line, format, numbers...);
    table += name + std::string(width - name.size(), ' ') + line + "\n";
  };
  print("op", "%9s %12s %12s %10s %9s %8s", "calls", "forward ms", "backward ms", "MB", "GFLOP/s",
        "share");
  for (const ProfileRow& row : report.ops) {
    char rate[16] = "-";
    if (row.product_flops > 0)
      std::snprintf(rate, sizeof rate, "%.1f", row.product_flops / 1e6 / row.milliseconds());
    print(row.name, "%9zu %12.1f %12.1f %10.1f %9s %7.1f%%", row.calls, row.forward_ms,
          row.backward_ms, static_cast<double>(row.bytes) / 1e6, rate, share(row.milliseconds()));
  }
  const auto print_outside = [&](const std::string& name, const std::string& calls, double ms) {
    print(name, "%9s %12.1f %41.1f%%", calls.c_str(), ms, share(ms));
  };
  print("outside ops", "%9s %12s %42s", "calls", "ms", "share");
  for (const ProfileRow& row : report.sections)
    print_outside(row.name, std::to_string(row.calls), row.milliseconds());
  print_outside("other", "", report.other_ms);
  print_outside("total", "", total_ms);
  double flops = 0;
  for (const ProfileRow& row : report.ops) flops += row.product_flops;
  char rest[120];
  std::snprintf(rest, sizeof rest, " = %zu thread%s for %.0f ms, %.2f GFLOP of products",
                static_cast<std::size_t>(report.threads), report.threads == 1 ? "" : "s",
                report.wall_ms, flops / 1e9);
  table.insert(table.size() - 1, rest);
  return table;
}

}  // namespace babelgrad
