// What cross_entropy and linear_cross_entropy share: which rows count, and the checks.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "babelgrad/autograd/kernels/kernels.h"
#include "babelgrad/autograd/ops.h"

namespace babelgrad {

struct CountedTargets {
  std::vector<std::size_t> rows;  // rows whose target is not ignored
  double normalizer;
};

// x: [..., *] with one row a target; classes: V.
CountedTargets check_targets(const char* op, const Shape& x, std::size_t classes,
                             const IntArray& targets, const CrossEntropyOptions& options);

// The cross-entropy of softmax(x) against (1 - smoothing) one_hot(target) + smoothing / V, of a row
// of V logits x that come in blocks, and its gradient.
template <class T>
class CrossEntropyRow {
 public:
  CrossEntropyRow(std::size_t V, T smoothing) : V_(V), smoothing_(smoothing) {}

  void start(std::size_t target) {
    target_ = target;
    blocks_.clear();
  }
  // The next n logits, x + bias. With `keep`, x becomes what gradient() needs; it changes anyway.
  void add(std::size_t n, T* x, const T* bias, bool keep) {
    const std::size_t begin = blocks_.empty() ? 0 : blocks_.back().begin + blocks_.back().n;
    const std::size_t at = target_ - begin;  // or beyond n
    if (at < n) at_target_ = bias != nullptr ? x[at] + bias[at] : x[at];
    blocks_.push_back({begin, n, kernels<T>().softmax_block(n, x, bias, keep)});
  }
  // Of all blocks.
  T loss() {
    max_ = blocks_[0].softmax.max;
    for (const Block& b : blocks_) max_ = std::max(max_, b.softmax.max);
    T centred = 0, log_sum;
    sum_ = 0;
    for (const auto& [begin, n, softmax] : blocks_) {
      sum_ += softmax.sum * std::exp(softmax.max - max_);
      centred += softmax.centred + static_cast<T>(n) * (softmax.max - max_);
    }
    kernels<T>().log(1, &sum_, &log_sum);
    const T mean = smoothing_ == 0 ? 0 : centred / static_cast<T>(V_);
    return log_sum - (1 - smoothing_) * (at_target_ - max_) - smoothing_ * mean;
  }
  // After loss(): factor times its gradient by the logits of block number b, from the x that add()
  // left; dx may be x.
  void gradient(std::size_t b, T factor, const T* x, T* dx) const {
    const auto& [begin, n, softmax] = blocks_[b];
    kernels<T>().scale_minus(n, factor / sum_ * std::exp(softmax.max - max_), x,
                             factor * smoothing_ / static_cast<T>(V_), dx);
    if (target_ - begin < n)
      dx[target_ - begin] = std::fma(-factor, 1 - smoothing_, dx[target_ - begin]);
  }

 private:
  struct Block {
    std::size_t begin, n;
    SoftmaxBlock<T> softmax;
  };
  std::size_t V_, target_ = 0;
  T smoothing_, at_target_ = 0, max_ = 0, sum_ = 0;  // sum of exp(x - max)
  std::vector<Block> blocks_;
};

}  // namespace babelgrad
