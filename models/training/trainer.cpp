#include "babelgrad/models/training/trainer.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "babelgrad/autograd/inspection/finite.h"
#include "babelgrad/models/folder/snapshots.h"
#include "babelgrad/models/ranks/crew.h"

namespace babelgrad {
namespace {

constexpr double kLossSmoothing = 0.98;  // weight of the past in the displayed loss

ScheduleOptions schedule_options(const TrainingConfig& c) {
  return {c.schedule,    c.learning_rate,  c.warmup,
          c.decay_start, c.plateau_factor, c.plateau_patience};
}

text::BatchOptions batch_options(const TrainingConfig& c) {
  text::BatchOptions options;
  options.batch_size = c.batch_size;
  options.by_tokens = c.batch_by_tokens;
  options.seed = c.seed;
  return options;
}

// While one lives, the parameters and `values` have changed places; without values, nothing has.
class Exchanged {
 public:
  Exchanged(const ParameterStore<float>& store, std::vector<Array<float>>& values)
      : store_(store), values_(values) {
    exchange();
  }
  ~Exchanged() { exchange(); }
  Exchanged(const Exchanged&) = delete;
  Exchanged& operator=(const Exchanged&) = delete;

 private:
  void exchange() {
    for (std::size_t i = 0; i < values_.size(); ++i)
      std::swap_ranges(values_[i].begin(), values_[i].end(),
                       Tensor<float>(store_.parameters()[i]).mutable_value().data());
  }

  const ParameterStore<float>& store_;
  std::vector<Array<float>>& values_;
};

// While one lives, the other ranks validate, too.
class Shared {
 public:
  Shared(Translator& translator, Crew* crew) : translator_(translator) { translator.share(crew); }
  ~Shared() { translator_.share(nullptr); }
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;

 private:
  Translator& translator_;
};

class Stopwatch {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace

Trainer::Trainer(Translator& translator, const TrainingData& data, std::filesystem::path folder,
                 TrainingObserver& observer, Profile* profile, Crew* crew)
    : translator_(translator),
      data_(data),
      folder_(std::move(folder)),
      observer_(observer),
      profile_(profile),
      config_(translator.config().training),
      crew_(crew),
      learner_(translator.model(), config_, crew ? &crew->ranks() : nullptr),
      schedule_(schedule_options(config_)),
      plan_(data.train, batch_options(config_)),
      metrics_(folder_ / kMetricsFile) {
  batches_ = plan_.epoch(0);
}

std::optional<StopReason> Trainer::limit_reached() const {
  if (config_.max_updates > 0 && state_.update >= config_.max_updates)
    return StopReason::max_updates;
  if (config_.max_epochs > 0 &&
      state_.epoch * batches_.size() + state_.position >= config_.max_epochs * batches_.size())
    return StopReason::max_epochs;
  const double finishing = validation_seconds_ + 2 * saving_seconds_;
  if (config_.max_minutes > 0 && state_.seconds + finishing >= 60 * config_.max_minutes)
    return StopReason::max_minutes;
  if (config_.patience > 0 && state_.bad_validations >= config_.patience)
    return StopReason::patience;
  return std::nullopt;
}

StopReason Trainer::run(const std::atomic<bool>& interrupt) {
  run_start_update_ = state_.update;
  run_start_seconds_ = last_told_ = state_.seconds;
  take_missing_snapshot();
  bool validated = state_.update > 0 && state_.update % config_.valid_every == 0;
  std::optional<StopReason> reason;
  while (!(reason = limit_reached())) {
    if (interrupt) {
      reason = StopReason::interrupted;
      break;
    }
    train_one();
    validated = state_.update % config_.valid_every == 0;
    if (validated) {
      validate_and_keep_best(true);
      save_state();
    }
    keep_snapshots();  // last: a state before a validation that is due would be one without it
  }
  save_state();
  if (config_.snapshots > 0 && state_.update > 0) take_snapshot();
  if (!validated && (reason != StopReason::interrupted || !state_.best_metric))
    validate_and_keep_best(false);
  return *reason;
}

void Trainer::validate_start() {
  validate_and_keep_best(true);
  save_state();
}

std::vector<text::Batch> Trainer::next_batches() {
  const ProfileScope profile("batches", Phase::section);
  if (state_.position == batches_.size()) {
    batches_ = plan_.epoch(++state_.epoch);
    state_.position = 0;
  }
  const std::size_t end = std::min(state_.position + config_.accumulate, batches_.size());
  std::vector<text::Batch> batches;
  for (std::size_t i = state_.position; i < end; ++i)
    batches.push_back(text::make_batch(data_.train, batches_[i]));
  return batches;
}

StepResult Trainer::take_step(const std::vector<text::Batch>& batches, std::size_t target_tokens) {
  const std::size_t threads = learner_.pool.threads() * (crew_ ? crew_->size() : 1);
  const std::size_t shards = config_.shards > 0 ? config_.shards : default_shards(threads);
  const double risen =
      std::min(1.0, static_cast<double>(state_.update) /
                        static_cast<double>(std::max<std::size_t>(1, config_.sampling_updates)));
  const LossOptions options{config_.label_smoothing, static_cast<double>(target_tokens),
                            config_.coverage_weight, config_.alignment_weight,
                            config_.scheduled_sampling * risen};
  Update update{{}, options, 0, {}};
  for (const text::Batch& batch : batches) update.shards.push_back(text::shard(batch, shards));
  StepRequest& request = update.request;
  request.update = state_.update + 1;
  request.learning_rate = schedule_.rate(request.update);
  request.clip_norm = config_.clip_norm;
  request.average_decay = config_.average_decay;
  request.seed = config_.seed;
  request.wire = precision_in_force(config_.wire_precision);
  return crew_ ? run_together(update, shards) : learner_.run(update);
}

StepResult Trainer::run_together(const Update& update, std::size_t shards) {
  crew_->begin();
  if (!std::exchange(crew_trains_, true)) {
    crew_->send_all(Command::train, TrainingRank::start_message(translator_.config()));
    learner_.synchronize(crew_->ranks());
  }
  const auto part = [&](std::size_t rank) { return update.part(shards, crew_->size(), rank); };
  for (std::size_t rank = 1; rank < crew_->size(); ++rank)
    crew_->send(rank, Command::update, TrainingRank::update_message(part(rank)));
  try {
    const StepResult result = learner_.run(part(0));
    crew_->done();
    return result;
  } catch (const DivergenceError&) {
    crew_->done();
    throw;
  }
}

void Trainer::collect() {
  if (!crew_trains_ || std::exchange(collected_at_, state_.update) == state_.update) return;
  crew_->begin();
  crew_->send_all(Command::collect);
  learner_.step.collect();
  crew_->done();
}

void Trainer::train_one() {
  const Profiling profiling(profile_);
  const Stopwatch watch;
  const std::vector<text::Batch> batches = next_batches();
  std::size_t tokens = 0;
  for (const text::Batch& batch : batches) tokens += batch.target_tokens();
  const StepResult result = take_step(batches, tokens);
  state_.smoothed_loss = state_.update == 0 ? result.loss
                                            : kLossSmoothing * state_.smoothed_loss +
                                                  (1 - kLossSmoothing) * result.loss;
  ++state_.update;
  state_.position += batches.size();
  const double seconds = watch.seconds();
  state_.seconds += seconds;
  log_update(result, tokens, seconds);
  tell_progress(result, tokens);
}

void Trainer::keep_snapshots() {
  const auto kept = snapshot_updates(state_.update, config_.snapshots);
  if (kept == snapshot_updates(state_.update - 1, config_.snapshots)) return;
  if (*kept.rbegin() == state_.update) take_snapshot();
  thin_snapshots(place(), kept);
}

// The first one follows the state that is resumed from, and a kill may have come between.
void Trainer::take_missing_snapshot() {
  if (!snapshot_updates(state_.update, config_.snapshots).contains(state_.update)) return;
  for (const Snapshot& snapshot : list_snapshots(place()))
    if (snapshot.update == state_.update) return;
  take_snapshot();
}

void Trainer::take_snapshot() {
  const Stopwatch watch;
  require_finite_parameters();
  collect();
  if (!folder_is_ours_) save_state();  // from here on the folder has something to resume from
  const Exchanged average(translator_.model().store(), learner_.step.average());
  write_snapshot(place(), state_.update, translator_.model().store());
  state_.seconds += watch.seconds();
}

// A regular validation is part of the training; an irregular one only serves whoever stops here.
void Trainer::validate_and_keep_best(bool regular) {
  const Stopwatch watch;
  require_finite_parameters();
  collect();
  ValidationResult result;
  try {
    const Exchanged average(translator_.model().store(), learner_.step.average());
    const Shared shared(translator_, crew_);
    result = validate(translator_, data_.validation, learner_.pool);
  } catch (const CheckpointError&) {  // sums of finite parameters overflow
    fail_diverged("a probability");
  }
  if (!std::isfinite(result.loss)) fail_diverged("the validation loss");
  const MetricValue metric = value_of(config_.metric, result);
  const bool best =
      !state_.best_metric || metric.is_better_than(*state_.best_metric, state_.best_loss);
  if (best && regular) remember_best(metric);
  if (best && !regular) {  // the state first: it holds what the model file is about to lose
    model_file_is_irregular_ = true;
    save_state();
  }
  if (best) {
    save_model(learner_.step.average());
  } else if (model_file_is_irregular_) {
    save_model(best_parameters_);
  }
  model_file_is_irregular_ = best && !regular;
  if (regular) {
    keep_validated(metric);
    state_.bad_validations = best ? 0 : state_.bad_validations + 1;
    schedule_.observe(best);
  }
  validation_seconds_ = watch.seconds();
  state_.seconds += validation_seconds_;
  observer_.on_validation({state_.update, result, config_.metric, best});
  log_validation(result, best, regular);
}

// Those that no longer belong to the best go when the state says so (save_state).
void Trainer::keep_validated(const MetricValue& metric) {
  auto& kept = state_.kept;
  const auto worse = std::find_if(kept.begin(), kept.end(), [&](const Validated& one) {
    return metric.is_better_than(one.metric, one.loss);
  });
  kept.insert(worse, {state_.update, metric.value, metric.loss});
  if (kept.size() > config_.keep_best) kept.resize(config_.keep_best);
  if (!kept_updates().contains(state_.update)) return;
  const Exchanged average(translator_.model().store(), learner_.step.average());
  write_snapshot(place(), state_.update, translator_.model().store(), kBestFolder);
}

// Files may have gone: removed when fewer were asked for, or by hand.
void Trainer::forget_lost() {
  std::set<std::size_t> there;
  for (const Snapshot& snapshot : list_snapshots(folder_, kBestFolder))
    there.insert(snapshot.update);
  std::erase_if(state_.kept, [&](const Validated& one) { return !there.contains(one.update); });
}

std::set<std::size_t> Trainer::kept_updates() const {
  std::set<std::size_t> updates;
  for (const Validated& one : state_.kept) updates.insert(one.update);
  return updates;
}

void Trainer::remember_best(const MetricValue& metric) {
  const Exchanged average(translator_.model().store(), learner_.step.average());
  state_.best_metric = metric.value;
  state_.best_loss = metric.loss;
  state_.best_update = state_.update;
  best_parameters_.clear();
  for (const Tensor<float>& parameter : translator_.model().store().parameters())
    best_parameters_.push_back(parameter.value());
}

void Trainer::claim_folder() {
  if (std::exchange(folder_is_ours_, true)) return;
  if (has_model(folder_))
    replacement_.emplace(folder_);
  else
    remove_model_files(folder_);
  translator_.save_config(place());
  translator_.save_vocabularies(place());
  metrics_.move_to(place() / kMetricsFile);
}

void Trainer::settle() {
  if (!replacement_ || !replacement_->is_whole()) return;
  replacement_->commit();
  replacement_.reset();
  metrics_.move_to(place() / kMetricsFile);
}

void Trainer::save_model(std::vector<Array<float>>& values) {
  claim_folder();
  const Exchanged parameters(translator_.model().store(), values);
  translator_.save_parameters(place());
  settle();
}

void Trainer::fail_diverged(const std::string& what) const {
  throw DivergenceError("training diverged at update " + std::to_string(state_.update) + ": " +
                        what + " is not finite");
}

void Trainer::require_finite_parameters() const {
  for (const Tensor<float>& parameter : translator_.model().store().parameters())
    if (!all_finite(parameter.value())) fail_diverged("parameter " + parameter.name());
}

}  // namespace babelgrad
