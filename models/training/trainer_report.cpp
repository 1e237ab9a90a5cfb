// The part of Trainer that tells how it goes: to the observer, and to metrics.jsonl.
#include <algorithm>
#include <cmath>
#include <limits>

#include "babelgrad/autograd/kernels/kernels.h"
#include "babelgrad/models/training/process_memory.h"
#include "babelgrad/models/training/trainer.h"

namespace babelgrad {
namespace {

constexpr double kProgressInterval = 0.5;  // seconds

// e^loss, the largest number where that is infinite: JSON has no infinity.
double perplexity(double loss) {
  return std::min(std::exp(loss), std::numeric_limits<double>::max());
}

std::vector<ParameterNorms> parameter_norms(const ParameterStore<float>& store,
                                            const std::vector<double>& gradient_norms) {
  std::vector<ParameterNorms> rows;
  for (const Tensor<float>& parameter : store.parameters()) {
    const double squares =
        kernels<float>().sum_of_squares(parameter.size(), parameter.value().data());
    rows.push_back({parameter.name(), std::sqrt(squares), std::nullopt});
    if (!gradient_norms.empty()) rows.back().gradient_norm = gradient_norms[rows.size() - 1];
  }
  return rows;
}

}  // namespace

std::optional<double> Trainer::seconds_left() const {
  const double updates = static_cast<double>(state_.update - run_start_update_);
  const double pace = (state_.seconds - run_start_seconds_) / updates;  // an update
  std::optional<double> least;
  const auto consider = [&](double seconds) {
    if (!least || seconds < *least) least = std::max(0.0, seconds);
  };
  const double done = static_cast<double>(state_.update);
  const std::size_t updates_an_epoch =
      (batches_.size() + config_.accumulate - 1) / config_.accumulate;
  if (config_.max_updates > 0) consider(pace * (static_cast<double>(config_.max_updates) - done));
  if (config_.max_epochs > 0)
    consider(pace * (static_cast<double>(config_.max_epochs * updates_an_epoch) - done));
  if (config_.max_minutes > 0) consider(60 * config_.max_minutes - state_.seconds);
  return least;
}

void Trainer::log_update(const StepResult& result, std::size_t tokens, double seconds) {
  tokens_since_logged_ += tokens;
  seconds_since_logged_ += seconds;
  if (state_.update % config_.log_every != 0) return;
  UpdateMetrics m;
  m.update = state_.update;
  m.epoch = state_.epoch + 1;
  m.seconds = state_.seconds;
  m.loss = result.loss;
  m.smoothed_loss = state_.smoothed_loss;
  m.perplexity = perplexity(state_.smoothed_loss);
  m.learning_rate = schedule_.rate(state_.update);
  m.gradient_norm = result.gradient_norm;
  m.tokens_per_second = static_cast<double>(tokens_since_logged_) / seconds_since_logged_;
  m.memory_mb = resident_megabytes();
  tokens_since_logged_ = 0;
  seconds_since_logged_ = 0;
  metrics_.add(m);
}

void Trainer::log_validation(const ValidationResult& result, bool best, bool regular) {
  ValidationMetrics m;
  m.update = state_.update;
  m.epoch = state_.epoch + 1;
  m.seconds = state_.seconds;
  m.loss = result.loss;
  m.perplexity = perplexity(result.loss);
  m.bleu = result.bleu;
  m.text = result.text;
  m.best = best;
  m.is_final = !regular;
  m.parameters = parameter_norms(translator_.model().store(), learner_.step.gradient_norms());
  metrics_.add(m);
}

void Trainer::tell_progress(const StepResult& result, std::size_t tokens) {
  tokens_since_told_ += tokens;
  const double passed = state_.seconds - last_told_;
  if (passed < kProgressInterval) return;
  TrainingProgress progress;
  progress.update = state_.update;
  progress.epoch = state_.epoch;
  progress.loss = state_.smoothed_loss;
  progress.tokens_per_second = static_cast<double>(tokens_since_told_) / passed;
  progress.learning_rate = schedule_.rate(state_.update);
  progress.gradient_norm = result.gradient_norm;
  progress.seconds = state_.seconds;
  progress.seconds_left = seconds_left();
  last_told_ = state_.seconds;
  tokens_since_told_ = 0;
  observer_.on_progress(progress);
}

}  // namespace babelgrad
