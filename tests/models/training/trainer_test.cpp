// Trainer: reasons to stop, the best model by either metric, and what is left after a divergence.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <limits>
#include <set>

#include "babelgrad/base/files.h"
#include "babelgrad/models/config/config_fields.h"
#include "babelgrad/models/folder/model_folder.h"
#include "babelgrad/models/folder/snapshots.h"
#include "tests/models/training/trainer_helpers.h"
#include "tests/nn/file_size_limit.h"

namespace babelgrad {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

TEST_CASE("trainer: learns to reverse, and the folder holds what it learnt") {
  const ReverseTask task;
  Config config = task.config();
  config.model.hidden = config.model.embedding = 32;
  config.model.encoder_hidden = 16;
  config.training.decay_start = 1000;
  config.training.valid_every = 100;
  TemporaryFolder folder;
  Recorder recorder;
  config.training.max_updates = 400;
  CHECK(train(config, folder.path(), false, recorder).reason == StopReason::max_updates);
  REQUIRE(recorder.validations.size() == 4);
  CHECK(recorder.validations.back().result.loss < 0.5);
  CHECK(recorder.validations.back().result.loss < recorder.validations.front().result.loss);
  const Translator translator = Translator::load(folder.path());
  CHECK(translator.translate({"a b c"}, translator.config().search)[0][0].text == "c b a");
}

TEST_CASE("trainer: keeps the best model by the metric that was asked for") {
  const ReverseTask task;
  using Result = ValidationResult;
  const std::vector<std::pair<ValidationMetric, double (*)(const Result&)>> rows{
      {ValidationMetric::exact, [](const Result& r) { return r.text.exact_match; }},
      {ValidationMetric::per, [](const Result& r) { return -r.text.token_error_rate; }},
      {ValidationMetric::chrf, [](const Result& r) { return r.text.chrf; }},
      {ValidationMetric::loss, [](const Result& r) { return -r.loss; }},
      {ValidationMetric::bleu, [](const Result& r) { return r.bleu; }}};
  for (const auto& row : rows) {
    const ValidationMetric metric = row.first;
    INFO(kMetricNames[static_cast<std::size_t>(metric)]);
    Config config = task.config();
    config.training.metric = metric;
    config.training.learning_rate = 0.08;  // restless, so that the last is not the best
    config.training.schedule = ScheduleKind::constant;
    config.training.valid_every = 3;
    config.training.max_updates = 75;
    TemporaryFolder folder;
    Recorder recorder;
    const RunResult run = train(config, folder.path(), false, recorder);
    std::optional<double> best;
    std::size_t best_update = 0, improvements = 0;
    double best_loss = 0;  // of the best
    for (const ValidationReport& report : recorder.validations) {
      const double value = row.second(report.result);
      const double loss = report.result.loss;
      CHECK(report.best == (!best || value > *best || (value == *best && loss < best_loss)));
      if (!report.best) continue;
      ++improvements;
      best = value;
      best_update = report.update;
      best_loss = report.result.loss;
    }
    CHECK(run.best_update == best_update);
    CHECK(improvements < recorder.validations.size());
    const Translator kept = Translator::load(folder.path());
    const TrainingData data = load_training_data(config, kept.codecs());
    WorkerPool pool(1);
    CHECK(std::abs(validate(kept, data.validation, pool).loss - best_loss) < 1e-6);
  }
}

TEST_CASE("trainer: of validations that the metric finds equal the one of the smaller loss") {
  const ReverseTask task;
  Config config = task.config();
  config.training.metric = ValidationMetric::exact;
  config.training.learning_rate = 1e-5;  // so little that no translation becomes right
  config.training.max_updates = 40;
  config.training.patience = 2;
  config.training.keep_best = 2;
  TemporaryFolder folder;
  Recorder recorder;
  const RunResult run = train(config, folder.path(), false, recorder);
  REQUIRE(recorder.validations.size() == 4);
  for (const ValidationReport& report : recorder.validations)
    REQUIRE(report.result.text.exact_match == 0);
  for (std::size_t i = 1; i < 4; ++i)
    REQUIRE(recorder.validations[i].result.loss < recorder.validations[i - 1].result.loss);
  CHECK(run.best_update == 40);
  const std::vector<Snapshot> kept = list_snapshots(folder.path(), kBestFolder);
  REQUIRE(kept.size() == 2);
  CHECK(kept[0].update == 30);
  CHECK(kept[1].update == 40);

  const MetricValue errors{"token error rate", 0.5, true, 1.0};
  CHECK(errors.is_better_than(0.6, 0.1));
  CHECK(!errors.is_better_than(0.4, 9));
  CHECK(errors.is_better_than(0.5, 1.1));
  CHECK(!errors.is_better_than(0.5, 1.0));
}

TEST_CASE("trainer: batches that are accumulated are one large batch, to rounding") {
  const ReverseTask task;
  Config config = task.config();
  config.model.set_dropout(0);
  config.training.optimizer = OptimizerKind::sgd;
  config.training.learning_rate = 0.5;
  config.training.max_updates = 3;  // each of them all 180 pairs
  TemporaryFolder accumulated, large;
  config.training.accumulate = 12;
  Recorder recorder;
  train(config, accumulated.path(), false, recorder);
  config.training.accumulate = 1;
  config.training.batch_size = 180;
  train(config, large.path(), false, recorder);
  const Safetensors a = Safetensors::read(accumulated.path() / "training_state.safetensors");
  const Safetensors b = Safetensors::read(large.path() / "training_state.safetensors");
  for (const std::string& name : a.names()) {
    INFO(name);
    CHECK(max_difference(a.get<float>(name), b.get<float>(name)) < 1e-5);
  }
  CHECK(std::abs(recorder.validations[0].result.loss - recorder.validations[1].result.loss) < 1e-5);
  config.training.accumulate = 5;
  config.training.batch_size = 16;
  config.training.max_updates = 0;
  config.training.max_epochs = 2;
  TemporaryFolder folder;
  CHECK(train(config, folder.path(), false, recorder).update == 6);  // 5, 5 and 2 batches an epoch
}

TEST_CASE("trainer: stops when patience is at its end, and stays stopped") {
  const ReverseTask task;
  Config config = task.config();
  config.training.learning_rate = 1e-9;
  config.training.warmup = 1'000'000'000;  // too little to change the loss
  config.training.patience = 3;
  TemporaryFolder folder;
  Recorder recorder;
  const RunResult run = train(config, folder.path(), false, recorder);
  CHECK(run.reason == StopReason::patience);
  CHECK(run.update == 40);
  CHECK(run.best_update == 10);
  CHECK(recorder.validations.size() == 4);
  Recorder again;
  CHECK(train(config, folder.path(), true, again).reason == StopReason::patience);
  config.training.patience = 5;
  CHECK(train(config, folder.path(), true, again).update == 60);
}

TEST_CASE("trainer: stops at limits of epochs and of time") {
  const ReverseTask task;
  Config config = task.config();
  config.training.max_epochs = 2;
  TemporaryFolder folder;
  Recorder recorder;
  RunResult run = train(config, folder.path(), false, recorder);
  CHECK(run.reason == StopReason::max_epochs);
  CHECK(run.update == 24);
  CHECK(recorder.validations.back().update == 24);
  config.training.max_epochs = 0;
  config.training.max_minutes = 1e-5;
  run = train(config, folder.path(), true, recorder);
  CHECK(run.reason == StopReason::max_minutes);
  CHECK(run.update == 24);
}

TEST_CASE("trainer: an interruption leaves a model and a state, and resumes exactly") {
  const ReverseTask task;
  TemporaryFolder whole, parts;
  train(task.config(), whole.path(), false, 34);
  Recorder recorder;
  recorder.interrupt_at = 20;
  const RunResult run = train(task.config(), parts.path(), false, recorder);
  CHECK(run.reason == StopReason::interrupted);
  CHECK(run.update == 20);
  CHECK_NOTHROW(Translator::load(parts.path()));
  train(task.config(), parts.path(), true, 34);
  check_same_training(whole, parts);
}

// A training that goes well for 10 updates and diverges when it goes on; nothing may be lost.
std::string diverge(std::size_t valid_every, const std::string& spoilt, double value,
                    std::size_t max_updates) {
  const ReverseTask task;
  Config config = task.config();
  config.training.valid_every = valid_every;
  TemporaryFolder folder;
  train(config, folder.path(), false, 10);
  spoil(folder.path() / "training_state.safetensors", spoilt, value);
  const std::string model = folder.read("model.safetensors");
  const std::string state = folder.read("training_state.safetensors");
  const std::string message =
      message_of<DivergenceError>([&] { train(config, folder.path(), true, max_updates); });
  CHECK((folder.read("model.safetensors") == model));
  CHECK((folder.read("training_state.safetensors") == state));
  return message;
}

TEST_CASE("trainer: divergence names update and tensor and leaves the last good files") {
  for (const double value : {kNaN, 3e38}) {
    INFO("parameters of ", value);
    const std::string message = diverge(1000, "parameter.decoder", value, 1000);
    CHECK(message.starts_with("training diverged at update 11: "));
    CHECK(message.find(" is not finite") != std::string::npos);
  }
}

TEST_CASE("trainer: a model that has diverged is neither validated nor saved") {
  // The update spoils the model; then it is to be validated, or the limit comes first.
  for (const std::size_t valid_every : {1, 1000})
    CHECK(diverge(valid_every, "adam.moment1.", kNaN, 11)
              .starts_with("training diverged at update 11: parameter "));
}

TEST_CASE("trainer: on a full disk the last good checkpoint survives, and training resumes") {
  const ReverseTask task;
  TemporaryFolder whole, parts;
  train(task.config(), whole.path(), false, 34);
  train(task.config(), parts.path(), false, 10);
  const std::string model = parts.read("model.safetensors");
  const std::string state = parts.read("training_state.safetensors");
  std::string message;
  {
    const FileSizeLimit limit(12000);  // config.json and the vocabularies fit
    message = error_of<FileError>([&] { train(task.config(), parts.path(), true, 34); }, &parts);
  }
  CHECK(message.ends_with(".safetensors: cannot be written (File too large)"));
  CHECK((parts.read("model.safetensors") == model));
  CHECK((parts.read("training_state.safetensors") == state));
  train(task.config(), parts.path(), true, 34);
  check_same_training(whole, parts);
}

// Notes at each validation whose model a reader of the folder gets.
class Reader : public TrainingObserver {
 public:
  explicit Reader(const std::filesystem::path& folder) : folder_(folder) {}
  void on_validation(const ValidationReport&) override {
    hidden.push_back(Translator::load(folder_).config().model.hidden);
  }
  std::vector<std::size_t> hidden;

 private:
  std::filesystem::path folder_;
};

TEST_CASE("trainer: a former model stands until model and state of the new one are saved") {
  const ReverseTask task;
  Config config = task.config();
  config.training.snapshots = 3;
  TemporaryFolder folder, fresh;
  train(config, folder.path(), false, 20);
  folder.write("notes.txt", "mine");
  config.model.hidden = 14;
  config.training.snapshots = 0;
  config.training.max_updates = 35;
  Reader reader(folder.path());
  const std::atomic<bool> interrupt = false;
  train(config, folder.path(), false, reader, interrupt);
  CHECK(reader.hidden == std::vector<std::size_t>{12, 14, 14, 14});  // the first is saved after it
  train(config, fresh.path(), false, 35);
  check_same_training(folder, fresh);
  CHECK(folder.read("notes.txt") == "mine");
  std::filesystem::remove(folder.path() / "notes.txt");
  const auto files = [](const TemporaryFolder& of) {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(of.path()))
      names.insert(std::filesystem::relative(entry.path(), of.path()).string());
    return names;
  };
  CHECK(files(folder) == files(fresh));
  CHECK(read_metrics(folder.path() / kMetricsFile).validations.size() == 4);
}

TEST_CASE("model folder: a replacement that was broken off is finished or cleared away") {
  const ReverseTask task;
  Config config = task.config();
  TemporaryFolder folder, incoming;
  train(config, folder.path(), false, 10);
  config.model.hidden = 14;
  train(config, incoming.path(), false, 10);
  const auto hidden = [&] { return Translator::load(folder.path()).config().model.hidden; };
  namespace fs = std::filesystem;
  fs::copy(incoming.path(), folder.path() / kUnfinished, fs::copy_options::recursive);
  CHECK(hidden() == 12);  // it may have lacked something
  tidy_folder(folder.path());
  CHECK(hidden() == 12);
  CHECK_FALSE(fs::exists(folder.path() / kUnfinished));
  fs::copy(incoming.path(), folder.path() / kIncoming, fs::copy_options::recursive);
  fs::remove(folder.path() / "config.json");  // it had begun to take its place
  CHECK(hidden() == 14);
  CHECK(is_model_file(folder.path() / kIncoming / "config.json"));
  tidy_folder(folder.path());
  CHECK(hidden() == 14);
  CHECK(fs::exists(folder.path() / "config.json"));
  CHECK_FALSE(fs::exists(folder.path() / kIncoming));
  check_same_training(folder, incoming);
}

TEST_CASE("model folder: what only looks like a replacement is left alone") {
  const ReverseTask task;
  const TemporaryFolder folder, copied;
  train(task.config(), folder.path(), false, 10);
  namespace fs = std::filesystem;
  for (const char* name : {"incoming", "incoming.tmp", kIncoming})
    fs::create_directory(folder.path() / name);
  replace_file(folder.path() / kIncoming / kConfigFile, "{}");  // the copying ended here
  CHECK(message_of<FileError>([&] { tidy_folder(folder.path()); }) ==
        (folder.path() / kIncoming).string() +
            ": lacks parts of a model; was the folder copied? remove it");
  CHECK_NOTHROW(Translator::load(folder.path()));
  fs::remove_all(folder.path() / kIncoming);
  tidy_folder(folder.path());
  CHECK(fs::exists(folder.path() / "incoming"));
  CHECK(fs::exists(folder.path() / "incoming.tmp"));
  CHECK_NOTHROW(Translator::load(folder.path()));
}

TEST_CASE("model folder: a pipe in it is not waited for") {
  const ReverseTask task;
  const TemporaryFolder folder;
  train(task.config(), folder.path(), false, 10);
  for (const char* name : {kConfigFile, "source.vocab", kMetricsFile}) {
    const std::filesystem::path file = folder.path() / name, moved = folder.path() / "moved";
    std::filesystem::rename(file, moved);
    REQUIRE(::mkfifo(file.c_str(), 0600) == 0);
    const std::string message = file.string() + ": not a file";
    CHECK(message_of<CheckpointError>([&] { Translator::load(folder.path()); }) == message);
    CHECK(message_of<FileError>([&] { tidy_folder(folder.path()); }) == message);
    std::filesystem::rename(moved, file);
  }
  CHECK_NOTHROW(Translator::load(folder.path()));
}

TEST_CASE("trainer: a training that diverges at once leaves no model") {
  const ReverseTask task;
  Config bad = task.config();
  bad.training.learning_rate = 1e38;
  bad.training.valid_every = 1;
  TemporaryFolder folder;
  CHECK_THROWS_AS(train(bad, folder.path(), false, 5), DivergenceError);
  CHECK(!std::filesystem::exists(folder.path() / "model.safetensors"));
  CHECK(!std::filesystem::exists(folder.path() / "training_state.safetensors"));
}

}  // namespace
}  // namespace babelgrad
