#include "babelgrad/models/training/update.h"

#include "babelgrad/models/config/config_json.h"
#include "babelgrad/models/folder/translator.h"
#include "babelgrad/models/ranks/fields.h"

namespace babelgrad {
namespace {

std::unique_ptr<Optimizer<float>> make_optimizer(const ParameterStore<float>& store,
                                                 const TrainingConfig& c) {
  if (c.optimizer == OptimizerKind::sgd)
    return std::make_unique<Sgd<float>>(
        store, SgdOptions{.momentum = c.momentum, .weight_decay = c.weight_decay});
  AdamOptions options;
  options.weight_decay = c.weight_decay;
  options.decoupled = c.optimizer == OptimizerKind::adamw;
  return std::make_unique<Adam<float>>(store, options);
}

}  // namespace

template <class Visit, Either<Update> U>
void fields(const Visit& visit, U& u) {
  visit(u.request, u.loss, u.first_shard, u.shards);
}

Update Update::part(std::size_t shards_a_batch, std::size_t ranks, std::size_t rank) const {
  const std::size_t each = shards_a_rank(shards_a_batch, ranks);
  Update part{request, loss, rank * each, {}};
  for (const std::vector<text::Batch>& batch : shards) {
    const std::size_t begin = std::min(batch.size(), part.first_shard),
                      end = std::min(batch.size(), begin + each);
    part.shards.emplace_back(batch.begin() + static_cast<std::ptrdiff_t>(begin),
                             batch.begin() + static_cast<std::ptrdiff_t>(end));
  }
  return part;
}

Learner::Learner(const Seq2Seq<float>& learning, const TrainingConfig& training, Ranks* ranks)
    : model(learning),
      config(training),
      pool(config.threads),
      optimizer(make_optimizer(model.store(), config)),
      step(model.store(), *optimizer, pool, ranks) {}

StepResult Learner::run(const Update& update) {
  std::vector<ShardedLoss<float>> passes;
  for (const std::vector<text::Batch>& shards : update.shards)
    passes.push_back({update.first_shard, update.first_shard + shards.size(),
                      [&](std::size_t shard, const Mode& mode) {
                        return model.loss(shards[shard - update.first_shard], mode, update.loss);
                      }});
  const MatmulPrecision precision(precision_in_force(config.precision));
  return step.run(passes, update.request);
}

void Learner::synchronize(Ranks& ranks) {
  const auto share = [&](Array<float>& array) {
    broadcast(ranks, array.data(), array.size() * sizeof(float));
  };
  broadcast_parameters(ranks, model.store());
  std::uint64_t steps = optimizer->step_count();
  broadcast(ranks, &steps, sizeof steps);
  optimizer->set_step_count(steps);
  if (steps == 0) return;
  for (auto& [name, array] : optimizer->state()) share(*array);
  if (config.average_decay == 0) return;
  if (step.average().empty())
    for (const Tensor<float>& parameter : model.store().parameters())
      step.average().push_back(zeros<float>(parameter.shape()));
  for (Array<float>& mean : step.average()) share(mean);
}

Message TrainingRank::start_message(const Config& config) {
  Message message;
  message.put(to_json(config));
  return message;
}

TrainingRank::TrainingRank(Ranks& ranks, Message& start) {
  const Config config = stored_config(start.get<std::string>(), "rank 0");
  model_ = std::make_unique<Seq2Seq<float>>(config.model, std::nullopt);
  learner_.emplace(*model_, config.training, &ranks);
  learner_->synchronize(ranks);
}

Message TrainingRank::update_message(const Update& update) {
  Message message;
  message.put(update);
  return message;
}

// A training that diverges does so on all ranks; rank 0 says so.
void TrainingRank::update(Message& message) {
  try {
    learner_->run(message.get<Update>());
  } catch (const DivergenceError&) {
  }
}

}  // namespace babelgrad
