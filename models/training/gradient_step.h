// One update of a model on all threads. A batch is cut into shards, the loss of each is
// differentiated through the same parameters, the gradients are added along a fixed binary tree,
// and the optimizer runs over blocks of elements. The same shards give the same result to the last
// bit, however they are spread over threads and machines.
//
//   WorkerPool pool(0);
//   GradientStep<float> step(store, adam, pool);
//   const auto loss = [&](std::size_t shard, const Mode& mode) {
//     return loss_of(parts[shard], mode);
//   };
//   for (request.update = 1; request.update <= 1000; ++request.update)
//     step.run({{0, parts.size(), loss}}, request);
//
// The update is that of the sum of the losses; where the mean over a batch is wanted, each shard's
// is divided by the size of the whole batch.
#pragma once

#include <functional>
#include <optional>

#include "babelgrad/autograd/products/packed_weights.h"
#include "babelgrad/models/worker_pool.h"
#include "babelgrad/nn/optimizer.h"
#include "babelgrad/nn/random.h"

namespace babelgrad {

// The losses of the shards begin <= i < end of a batch. Where machines share a batch, each has a
// range of the same power of two of shards, of which the last ones may lack some, or all.
template <class T>
struct ShardedLoss {
  std::size_t begin = 0, end = 0;
  // Called on several threads at once. mode: of this shard, update and pass.
  std::function<Tensor<T>(std::size_t shard, const Mode& mode)> loss;
};

// What several shards give together.
template <class T>
struct GradientSum {
  double loss = 0;
  std::vector<Gradient<T>> gradients;  // in the parameters' order; empty: of no shard

  // parameters: that the gradients are of.
  void add(GradientSum more, const std::vector<Tensor<T>>& parameters);
};

struct StepRequest {
  double learning_rate = 0;
  double clip_norm = 0;      // 0: no clipping
  double average_decay = 0;  // 0: no running mean
  std::uint64_t seed = 0;    // of dropout
  std::uint64_t update = 0;  // number of this update, from 1
};

struct StepResult {
  double loss = 0;           // sum over the shards
  double gradient_norm = 0;  // before clipping
};

// A NaN or Inf in the loss or a gradient; the parameters were not touched.
class DivergenceError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Calls add(a, b) for what is to be added into number a from number b, so that number 0 ends as the
// sum of n: neighbours first, then neighbouring pairs, and so on. A half of a power of two is a
// tree of its own.
template <class Add>
void add_along_tree(std::size_t n, const Add& add) {
  for (std::size_t stride = 1; stride < n; stride *= 2)
    for (std::size_t a = 0; a + stride < n; a += 2 * stride) add(a, a + stride);
}

template <class T>
class GradientStep {
 public:
  // All arguments must outlive this.
  GradientStep(const ParameterStore<T>& store, Optimizer<T>& optimizer, WorkerPool& pool);

  // One update. Several passes are added up: a batch in parts that follow each other (gradient
  // accumulation). Throws DivergenceError, which names the op too if it can be found.
  StepResult run(const std::vector<ShardedLoss<T>>& passes, const StepRequest& request);

  // The same in its phases. First the gradients of each shard; once a pass.
  void differentiate(const ShardedLoss<T>& losses, const StepRequest& request);
  // Then their sum, to which the caller may add what other machines have.
  GradientSum<T>& sum();
  // At last the norm, clipping and the optimizer. Throws DivergenceError.
  StepResult apply(const StepRequest& request);

  // L2 norms of the last update's gradients, before clipping, in the parameters' order; empty
  // before the first update.
  std::vector<double> gradient_norms() const;

  // The running mean of the parameters, in their order; empty without average_decay.
  std::vector<Array<T>>& average() { return average_; }
  const std::vector<Array<T>>& average() const { return average_; }

 private:
  struct Block {
    std::size_t parameter, begin, end;  // whole rows of a table
  };
  const std::vector<Tensor<T>>& parameters() const { return store_.parameters(); }
  template <class Task>
  void for_blocks(const char* name, const Task& task);
  void add_shards();
  void unify_rows();
  void add_block(const Block& block);
  double norm();
  double sum_of_squares(const Block& block) const;
  void update(const StepRequest& request, double scale);
  std::string what_diverged(double loss);
  std::string failing_op(const std::vector<ShardedLoss<T>>& passes,
                         const StepRequest& request) const;

  const ParameterStore<T>& store_;
  Optimizer<T>& optimizer_;
  WorkerPool& pool_;
  std::vector<Block> blocks_;
  std::vector<double> block_squares_;
  bool squares_are_known_ = false;
  // Of each shard, over the passes so far; freed by the thread that made them. The sum is the
  // first one's once they are added.
  std::vector<GradientSum<T>> shards_{1};
  bool summed_ = false;     // shards_[0] is the sum of the update under way
  std::size_t passes_ = 0;  // of the update, until they are added
  std::size_t active_ = 0;  // shards that have a gradient and are not added yet
  std::vector<Array<T>> average_;
  std::optional<PackedWeights> packed_weights_;  // of float parameters, for products in bfloat16
};

extern template struct GradientSum<float>;
extern template struct GradientSum<double>;
extern template class GradientStep<float>;
extern template class GradientStep<double>;

}  // namespace babelgrad
