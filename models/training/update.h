// One update of a model, of which each rank has some shards; and what takes part in it.
#pragma once

#include <memory>
#include <vector>

#include "babelgrad/models/config/config.h"
#include "babelgrad/models/seq2seq/seq2seq.h"
#include "babelgrad/models/training/gradient_step.h"

namespace babelgrad {

struct Update {
  StepRequest request;
  LossOptions loss;
  std::size_t first_shard = 0;                   // of each batch, that is here
  std::vector<std::vector<text::Batch>> shards;  // of each batch that is accumulated

  // What one of `ranks` ranks has to do of it. shards_a_batch: at most.
  Update part(std::size_t shards_a_batch, std::size_t ranks, std::size_t rank) const;
};

// What trains a model, on each rank.
struct Learner {
  const Seq2Seq<float>& model;
  TrainingConfig config;
  WorkerPool pool;
  std::unique_ptr<Optimizer<float>> optimizer;
  GradientStep<float> step;

  // ranks: or null. They and the model must outlive this.
  Learner(const Seq2Seq<float>& model, const TrainingConfig& config, Ranks* ranks);

  StepResult run(const Update& update);
  // Makes parameters, running mean and the optimizer's state on all ranks those of rank 0. To be
  // called on all of them.
  void synchronize(Ranks& ranks);
};

// A rank other than 0 in a training that rank 0 leads (trainer.h).
class TrainingRank {
 public:
  // start: start_message() of rank 0, where synchronize() follows.
  TrainingRank(Ranks& ranks, Message& start);
  static Message start_message(const Config& config);

  void update(Message& message);
  static Message update_message(const Update& update);

  void collect() { learner_->step.collect(); }

 private:
  std::unique_ptr<Seq2Seq<float>> model_;
  std::optional<Learner> learner_;
};

}  // namespace babelgrad
