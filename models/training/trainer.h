// Trainer: the training loop. It validates every so many updates, keeps the best model by the
// chosen metric, stops early, and can be stopped and resumed at any update without changing the
// result by a bit: training state is parameters, moments, running mean, schedule, position in the
// data, and all randomness is a function of (seed, update).
//
// Its threads fill the machine; their matrix products run on one thread each (worker_pool.h). With
// a crew, the ranks share the updates and the validations, to the same bits; the Trainer is rank
// 0's.
#pragma once

#include <atomic>
#include <filesystem>
#include <optional>
#include <set>

#include "babelgrad/models/folder/model_folder.h"
#include "babelgrad/models/training/metrics.h"
#include "babelgrad/models/training/training_data.h"
#include "babelgrad/models/training/update.h"
#include "babelgrad/models/training/validation.h"
#include "babelgrad/nn/safetensors.h"
#include "babelgrad/nn/schedule.h"

namespace babelgrad {

class Crew;

struct TrainingProgress {
  std::size_t update = 0, epoch = 0;
  double loss = 0;  // smoothed over updates; label smoothing included
  double tokens_per_second = 0;
  double learning_rate = 0, gradient_norm = 0;
  double seconds = 0;                  // of training so far, resumed parts included
  std::optional<double> seconds_left;  // until the nearest limit, if there is one
};

struct ValidationReport {
  std::size_t update = 0;
  ValidationResult result;
  ValidationMetric metric = ValidationMetric::bleu;  // that chooses
  bool best = false;                                 // and therefore saved
};

// Told of what happens; every method may be left as it is.
class TrainingObserver {
 public:
  virtual ~TrainingObserver() = default;
  virtual void on_progress(const TrainingProgress&) {}
  virtual void on_validation(const ValidationReport&) {}
  virtual void on_notice(const std::string&) {}  // one sentence that the user should see
};

enum class StopReason { max_updates, max_epochs, max_minutes, patience, interrupted };

class Trainer {
 public:
  // Files go to `folder`, which exists; a model that is there is replaced when a new one has been
  // validated and saved, not before (model_folder.h). The references must outlive this, and so must
  // `profile`; if it is given, it measures the updates (not the validations, not the saving). So
  // must `crew`; null: there are no other ranks.
  Trainer(Translator& translator, const TrainingData& data, std::filesystem::path folder,
          TrainingObserver& observer, Profile* profile = nullptr, Crew* crew = nullptr);

  // Continues from the folder's training_state.safetensors. Throws CheckpointError, also if the
  // training data are not those of the state.
  void resume();

  // For a training that starts from parameters which were trained before: validates and saves them
  // as they are, before the first update, so that the model in the folder is never a worse one.
  void validate_start();

  // Trains until a limit of the configuration is reached or `interrupt` becomes true; leaves a
  // model and a state in the folder. Throws DivergenceError or FileError, the last good files kept.
  StopReason run(const std::atomic<bool>& interrupt);

  std::size_t update() const { return state_.update; }
  std::size_t best_update() const { return state_.best_update; }

 private:
  struct Validated {
    std::size_t update = 0;
    double metric = 0, loss = 0;
  };
  // What is saved beside the arrays.
  struct State {
    std::size_t update = 0, epoch = 0;
    std::size_t position = 0;  // batches of this epoch that are done
    std::optional<double> best_metric;
    double best_loss = 0;  // of the same validation
    std::size_t best_update = 0;
    std::size_t bad_validations = 0;  // in a row
    std::vector<Validated> kept;      // best first, at most keep_best
    double smoothed_loss = 0, seconds = 0;
  };

  std::optional<StopReason> limit_reached() const;
  // Of one update: of this epoch, or the first of the next.
  std::vector<text::Batch> next_batches();
  void train_one();
  StepResult take_step(const std::vector<text::Batch>& batches, std::size_t target_tokens);
  StepResult run_together(const Update& update, std::size_t shards);
  void collect();  // what other ranks have of the state
  void validate_and_keep_best(bool regular);
  void remember_best(const MetricValue& metric);
  void keep_validated(const MetricValue& metric);
  void forget_lost();
  std::set<std::size_t> kept_updates() const;
  void keep_snapshots();
  // One at the end of a run is on top of those that are due; it goes when the run is resumed.
  void take_snapshot();
  void take_missing_snapshot();
  void save_model(std::vector<Array<float>>& values);  // under these values of the parameters
  // Throws a DivergenceError: what the last update has spoilt must not replace the good files.
  void require_finite_parameters() const;
  [[noreturn]] void fail_diverged(const std::string& what) const;
  void claim_folder();  // before the first file is written
  void settle();        // after a file was: takes the place of a former model as soon as it can
  std::filesystem::path place() const { return replacement_ ? replacement_->place() : folder_; }
  void save_state();
  void load_state(const Safetensors& file);
  void load_best(const Safetensors& file);
  void log_update(const StepResult& result, std::size_t tokens, double seconds);
  void log_validation(const ValidationResult& result, bool best, bool regular);
  void tell_progress(const StepResult& result, std::size_t tokens);
  std::optional<double> seconds_left() const;

  Translator& translator_;
  const TrainingData& data_;
  std::filesystem::path folder_;
  TrainingObserver& observer_;
  Profile* profile_;
  const TrainingConfig config_;
  Crew* crew_;
  Learner learner_;
  bool crew_trains_ = false;      // the other ranks have the model
  std::size_t collected_at_ = 0;  // the update whose state is here as a whole
  Schedule schedule_;
  text::BatchPlan plan_;
  MetricsLog metrics_;
  std::vector<std::vector<std::size_t>> batches_;  // of this epoch
  State state_;
  // Parameters of the best regular validation. They are saved with the state while those of a
  // later, irregular one (at the end of a run) stand in model.safetensors: a resumed run has to
  // compare with, and may have to go back to, the former.
  std::vector<Array<float>> best_parameters_;
  bool model_file_is_irregular_ = false;
  bool folder_is_ours_ = false;
  std::optional<Replacement> replacement_;              // while a former model is in the folder
  double validation_seconds_ = 0, saving_seconds_ = 0;  // how long the last one took
  double run_start_seconds_ = 0, last_told_ = 0;
  std::size_t run_start_update_ = 0, tokens_since_told_ = 0;
  std::size_t tokens_since_logged_ = 0;
  double seconds_since_logged_ = 0;  // of updates
};

}  // namespace babelgrad
