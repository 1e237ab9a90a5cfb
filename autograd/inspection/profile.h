// Profile: where the time of a program goes, op by op.
//
//   Profile profile;
//   {
//     const Profiling profiling(&profile);  // measures this thread while it lives
//     gradients(loss_of(batch), parameters);
//   }
//   std::cout << to_string(profile.report());
//
// Every op opens a ProfileScope at its head and a backward pass opens one around each
// vector-Jacobian product, named after the op. An op of your own does the same in one line; without
// it only its backward is seen. A scope's figures are its own: what scopes inside it do is theirs.
//
// Thread-safety: threads may measure into one Profile at the same time, each under a Profiling of
// its own; their figures are added up. Call report() when none of them measures. On a thread
// without a Profiling, a scope costs the test of one thread-local pointer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace babelgrad {

enum class Phase {
  forward,   // an op's computation
  backward,  // its vector-Jacobian product
  section    // work outside ops: reading data, an optimizer
};

// The section of a thread that waits for others.
inline constexpr const char* kWaiting = "waiting";

struct ProfileRow {
  std::string name;
  std::size_t calls = 0;     // of an op's forward, or of a section
  double forward_ms = 0;     // wall time, summed over threads; of a section all of it
  double backward_ms = 0;    // 0 for a section
  std::size_t bytes = 0;     // array storage asked for, both phases
  double product_flops = 0;  // floating point operations of its matrix products, both phases

  double milliseconds() const { return forward_ms + backward_ms; }
};

struct ProfileReport {
  std::size_t threads = 0;           // that measured anything
  double wall_ms = 0;                // of the thread that measured for longest
  std::vector<ProfileRow> ops;       // the most time first
  std::vector<ProfileRow> sections;  // the same; kWaiting includes threads that were not measuring
  double other_ms = 0;               // in no scope: building and freeing graphs, the program itself
};

// A table, one line an op and a section; shares are of threads * wall time and add up to 100 %.
std::string to_string(const ProfileReport& report);

// What one node of a graph cost.
struct NodeCost {
  double forward_ms = 0, backward_ms = 0;

  double milliseconds() const { return forward_ms + backward_ms; }
};

using NodeCosts = std::map<std::uint64_t, NodeCost>;  // by Node::id

enum class ProfileDetail {
  ops,   // a row an op
  nodes  // and the cost of each node: for the graph of one step, not for a whole training
};

class Profile {
 public:
  explicit Profile(ProfileDetail detail = ProfileDetail::ops);
  ~Profile();
  Profile(const Profile&) = delete;
  Profile& operator=(const Profile&) = delete;

  ProfileReport report() const;
  NodeCosts node_costs() const;  // empty unless ProfileDetail::nodes

 private:
  friend class Profiling;
  friend class ProfileScope;
  struct Thread;
  Thread& of_this_thread();

  ProfileDetail detail_;
  mutable std::mutex mutex_;
  std::map<std::thread::id, std::unique_ptr<Thread>> threads_;
};

// While one lives, this thread's scopes are measured into `profile`. Null, or the profile that this
// thread measures into already, changes nothing.
class Profiling {
 public:
  explicit Profiling(Profile* profile);
  ~Profiling();
  Profiling(const Profiling&) = delete;
  Profiling& operator=(const Profiling&) = delete;

  // What this thread measures into, or null: to be handed to the threads that work for it.
  static Profile* current();

 private:
  Profile::Thread* mine_ = nullptr;  // null: nothing was changed
  Profile::Thread* previous_ = nullptr;
  std::int64_t start_ = 0;  // nanoseconds
};

// Measures from here to the end of the block. name: a string literal.
class ProfileScope {
 public:
  explicit ProfileScope(const char* name, Phase phase = Phase::forward, std::uint64_t node = 0) {
    if (measuring_ != nullptr) begin(name, phase, node);
  }
  ~ProfileScope() {
    if (thread_ != nullptr) end();
  }
  ProfileScope(const ProfileScope&) = delete;
  ProfileScope& operator=(const ProfileScope&) = delete;

  // record() says so: the innermost scope of this thread makes the node with this id.
  static void made(std::uint64_t node) {
    if (measuring_ != nullptr) name_innermost(node);
  }

 private:
  friend class Profiling;

  // What the thread has done up to a moment, or between two.
  struct Work {
    std::int64_t nanoseconds = 0;
    std::size_t bytes = 0;
    double product_flops = 0;
  };
  static Work work_so_far();
  static void name_innermost(std::uint64_t node);
  void begin(const char* name, Phase phase, std::uint64_t node);
  void end() noexcept;

  static constinit thread_local Profile::Thread* measuring_;

  Profile::Thread* thread_ = nullptr;  // null: not measured
  ProfileRow* row_;
  Phase phase_;
  std::uint64_t node_;  // 0: none yet
  ProfileScope* outer_;
  Work start_, inner_;  // inner_: of the scopes directly inside this one
};

}  // namespace babelgrad
