// One update of a model on all threads. A batch is cut into shards, the loss of each is
// differentiated through the same parameters, the gradients are added along a fixed binary tree,
// and the optimizer runs over blocks of elements. The same shards give the same result to the last
// bit, however they are spread over threads and ranks.
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

#include <bit>
#include <functional>
#include <optional>

#include "babelgrad/autograd/products/packed_weights.h"
#include "babelgrad/models/training/gradient_exchange.h"
#include "babelgrad/models/worker_pool.h"
#include "babelgrad/nn/optimizer.h"
#include "babelgrad/nn/random.h"

namespace babelgrad {

// The losses of the shards begin <= i < end of a batch. Where ranks share a batch, each has a range
// of the same power of two of shards (shards_a_rank), of which the last ones may lack some, or all.
template <class T>
struct ShardedLoss {
  std::size_t begin = 0, end = 0;
  // Called on several threads at once. mode: of this shard, update and pass.
  std::function<Tensor<T>(std::size_t shard, const Mode& mode)> loss;
};

constexpr std::size_t shards_a_rank(std::size_t shards, std::size_t ranks) {
  return std::bit_ceil((shards + ranks - 1) / ranks);
}

struct StepRequest {
  double learning_rate = 0;
  double clip_norm = 0;                 // 0: no clipping
  double average_decay = 0;             // 0: no running mean
  std::uint64_t seed = 0;               // of dropout
  std::uint64_t update = 0;             // number of this update, from 1
  Precision wire = Precision::float32;  // of gradients between ranks (gradient_exchange.h)
};

struct StepResult {
  double loss = 0;           // sum over the shards
  double gradient_norm = 0;  // before clipping
};

// A NaN or Inf in the loss or a gradient; the parameters were not touched.
class DivergenceError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

template <class T>
class GradientStep {
 public:
  // All arguments must outlive this. ranks: those that share the batches, or null; each has the
  // same parameters, and runs the same updates with its own range of the shards.
  GradientStep(const ParameterStore<T>& store, Optimizer<T>& optimizer, WorkerPool& pool,
               Ranks* ranks = nullptr);

  // One update. Several passes are added up: a batch in parts that follow each other (gradient
  // accumulation). Throws DivergenceError, which names the op too if it can be found; of ranks, all
  // do.
  StepResult run(const std::vector<ShardedLoss<T>>& passes, const StepRequest& request);

  // Of ranks, each has only its own part of the optimizer's state and of the running mean: brings
  // all of it to rank 0. To be called on all of them.
  void collect();

  // L2 norms of the last update's gradients, before clipping, in the parameters' order; empty
  // before the first update.
  std::vector<double> gradient_norms() const;

  // The running mean of the parameters, in their order; empty without average_decay.
  std::vector<Array<T>>& average() { return average_; }
  const std::vector<Array<T>>& average() const { return average_; }

 private:
  using Block = GradientBlock;
  // What a shard has given, over the passes so far.
  struct GradientSum {
    double loss = 0;
    std::vector<Gradient<T>> gradients;  // in the parameters' order; empty: of no shard

    void add(GradientSum more, const std::vector<Tensor<T>>& parameters);
  };
  const std::vector<Tensor<T>>& parameters() const { return store_.parameters(); }
  template <class Task>
  void for_blocks(const char* name, BlockNumbers blocks, const Task& task);
  void differentiate(const ShardedLoss<T>& losses, const StepRequest& request);
  StepResult apply(const StepRequest& request);
  void add_shards(Precision wire);
  void unify_rows();
  void agree();
  void add_ranks(Precision wire);
  void add_block(const Block& block);
  double norm() const;
  double sum_of_squares(const Block& block) const;
  void update(const StepRequest& request, double scale);
  std::string what_diverged(double loss);
  std::string failing_op(const std::vector<ShardedLoss<T>>& passes,
                         const StepRequest& request) const;
  std::string infinite_gradient() const;
  std::string of_any_rank(const std::string& said);

  const ParameterStore<T>& store_;
  Optimizer<T>& optimizer_;
  WorkerPool& pool_;
  std::vector<Block> blocks_;
  std::vector<std::size_t> all_blocks_;          // their numbers
  std::optional<GradientExchange<T>> exchange_;  // of several ranks
  std::vector<double> block_squares_;
  bool squares_are_known_ = false;
  // Freed by the thread that made them. The sum is the first one's once they are added; of several
  // ranks, its own blocks are.
  std::vector<GradientSum> shards_{1};
  std::vector<char> by_rows_;  // of each parameter: whether all shards have its gradient so
  std::size_t passes_ = 0;     // of the update, until they are added
  std::size_t active_ = 0;     // shards that have a gradient and are not added yet
  std::vector<Array<T>> average_;
  std::optional<PackedWeights> packed_weights_;  // of float parameters, for products in bfloat16
};

extern template class GradientStep<float>;
extern template class GradientStep<double>;

}  // namespace babelgrad
