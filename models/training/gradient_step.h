// One update of a model from one batch, on all threads: the batch is cut into shards, each
// differentiated through the same parameters, the gradients are added in the order of the shards,
// and the optimizer runs over blocks of elements. With a fixed number of shards the result is the
// same to the last bit on any number of threads.
#pragma once

#include <memory>

#include "babelgrad/models/seq2seq/seq2seq.h"
#include "babelgrad/models/worker_pool.h"
#include "babelgrad/nn/optimizer.h"

namespace babelgrad {

struct StepResult {
  double loss = 0;           // mean over the batch's target tokens, label smoothing included, nats
  double gradient_norm = 0;  // before clipping
  std::size_t target_tokens = 0;
};

struct StepRequest {
  double learning_rate = 0;
  double clip_norm = 0;  // 0: no clipping
  double label_smoothing = 0;
  double average_decay = 0;  // 0: no running mean
  std::uint64_t seed = 0;    // of dropout
  std::uint64_t update = 0;  // number of this update, from 1
};

// A NaN or Inf in the loss or a gradient; the parameters were not touched.
class DivergenceError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

template <class T>
class GradientStep {
 public:
  // shards: 0 means one a thread. All arguments must outlive this.
  GradientStep(Seq2Seq<T>& model, Optimizer<T>& optimizer, WorkerPool& pool, std::size_t shards);

  StepResult run(const text::Batch& batch, const StepRequest& request);

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
  void unify_rows(std::size_t shards);
  double sum_gradients(std::size_t shards);
  double sum_of_squares(const Block& block) const;
  void apply(const StepRequest& request, double scale);
  [[noreturn]] void report_divergence(const std::vector<text::Batch>& shards,
                                      const StepRequest& request, const StepResult& result);

  Seq2Seq<T>& model_;
  Optimizer<T>& optimizer_;
  WorkerPool& pool_;
  std::size_t shards_;
  std::vector<Block> blocks_;
  std::vector<double> block_squares_;
  std::vector<std::vector<Gradient<T>>>
      gradients_;  // of each shard; freed by the thread that made them
  std::vector<Array<T>> average_;
};

extern template class GradientStep<float>;
extern template class GradientStep<double>;

}  // namespace babelgrad
