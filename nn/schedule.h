// Learning rates over the updates of a training.
#pragma once

#include <cstdint>

namespace babelgrad {

enum class ScheduleKind {
  constant,      // the base rate
  warmup,        // linear from 0 to the base rate over `warmup` updates, then constant
  inverse_sqrt,  // warm-up, then base * sqrt(decay_start / update) from update `decay_start` on
  plateau,  // warm-up, then times `factor` whenever `patience` validations bring no improvement
};

struct ScheduleOptions {
  ScheduleKind kind = ScheduleKind::inverse_sqrt;
  double base = 1e-3;
  std::uint64_t warmup = 500;        // updates
  std::uint64_t decay_start = 6000;  // updates; inverse_sqrt
  double factor = 0.5;               // plateau
  std::uint64_t patience = 2;        // validations; plateau
};

class Schedule {
 public:
  explicit Schedule(const ScheduleOptions& options) : options_(options) {}

  // The rate of the n-th update, counted from 1.
  double rate(std::uint64_t update) const;
  // Tells the plateau schedule the outcome of a validation; the others ignore it.
  void observe(bool improved);

  // What a checkpoint has to keep.
  struct State {
    double scale = 1;                // product of the factors so far
    std::uint64_t bad_in_a_row = 0;  // validations without improvement
  };
  const State& state() const { return state_; }
  void restore(const State& state) { state_ = state; }

 private:
  ScheduleOptions options_;
  State state_;
};

struct CosineOptions {
  double base = 1e-3;
  double minimum = 0;
  std::uint64_t period = 10000;  // updates from the base rate to the minimum; then it rises again
  std::uint64_t warmup = 0;      // updates, linear from 0 to the base rate
};

// The rate of the n-th update, counted from 1: after the warm-up, PyTorch's CosineAnnealingLR
// (Loshchilov and Hutter 2016, arXiv 1608.03983).
double cosine_rate(std::uint64_t update, const CosineOptions& options);

}  // namespace babelgrad
