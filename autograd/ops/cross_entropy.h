// What cross_entropy and linear_cross_entropy share: which rows count, and the checks.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>
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
  struct Block {
    std::size_t begin, n;
    SoftmaxBlock<T> softmax;
  };

  // blocks: room for as many as there will be.
  CrossEntropyRow(std::size_t V, T smoothing, Block* blocks)
      : V_(V), smoothing_(smoothing), blocks_(blocks) {}

  void start(std::size_t target) {
    target_ = target;
    count_ = 0;
  }
  // The next n logits, x + bias. With `keep`, x becomes what gradient() needs; it changes anyway.
  void add(std::size_t n, T* x, const T* bias, bool keep) {
    const std::size_t begin = count_ == 0 ? 0 : blocks_[count_ - 1].begin + blocks_[count_ - 1].n;
    const std::size_t at = target_ - begin;  // or beyond n
    if (at < n) at_target_ = bias != nullptr ? x[at] + bias[at] : x[at];
    blocks_[count_++] = {begin, n, kernels<T>().softmax_block(n, x, bias, keep)};
  }
  // Of all blocks.
  T loss() {
    const std::span<const Block> blocks(blocks_, count_);
    max_ = blocks[0].softmax.max;
    for (const Block& b : blocks) max_ = std::max(max_, b.softmax.max);
    T centred = 0, log_sum;
    sum_ = 0;
    for (const auto& [begin, n, softmax] : blocks) {
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
  std::size_t V_, target_ = 0, count_ = 0;
  T smoothing_, at_target_ = 0, max_ = 0, sum_ = 0;  // sum of exp(x - max)
  Block* blocks_;
};

}  // namespace babelgrad
