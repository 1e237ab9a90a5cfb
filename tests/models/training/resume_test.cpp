// Exact resume: training N updates is training k, stopping, and resuming, to the last bit.
#include <doctest/doctest.h>

#include <cmath>
#include <fstream>
#include <functional>

#include "tests/models/training/trainer_helpers.h"

namespace babelgrad {
namespace {

constexpr std::size_t kUpdates = 34;  // of 12 an epoch, validated every 10

// Trains in one go and in parts that end at `stops`; the two must be the same.
void check_parts(const Config& config, const std::vector<std::size_t>& stops,
                 std::size_t updates = kUpdates) {
  TemporaryFolder whole, parts;
  CHECK(train(config, whole.path(), false, updates).update == updates);
  bool resume = false;
  for (const std::size_t stop : stops) {
    CHECK(train(config, parts.path(), resume, stop).update == stop);
    resume = true;
  }
  CHECK(train(config, parts.path(), true, updates).update == updates);
  check_same_training(whole, parts);
}

TEST_CASE("resume: at any update, also the validations' and the epochs' last") {
  const ReverseTask task;
  for (const std::size_t stop : {1, 9, 10, 11, 12, 13, 20, 24, 25, 33, 34}) {
    INFO("stopped after ", stop);
    check_parts(task.config(), {stop});
  }
}

TEST_CASE("resume: several times, and to an end on a validation") {
  const ReverseTask task;
  check_parts(task.config(), {3, 8, 17, 29, 31});
  check_parts(task.config(), {3, 10, 17, 29}, 30);
}

TEST_CASE("resume: with a running mean of the parameters") {
  const ReverseTask task;
  Config config = task.config();
  config.training.average_decay = 0.9;
  for (const std::size_t stop : {1, 10, 17, 24}) check_parts(config, {stop});
}

TEST_CASE("resume: with the plateau schedule in the middle of its patience") {
  const ReverseTask task;
  Config config = task.config();
  config.training.schedule = ScheduleKind::plateau;
  config.training.plateau_patience = 2;
  config.training.learning_rate = 1e-7;  // nothing improves, so the rate falls
  config.training.warmup = 0;
  config.training.valid_every = 4;
  for (const std::size_t stop : {4, 7, 8, 12, 13, 20}) check_parts(config, {stop});
}

TEST_CASE(
    "resume: with SGD and momentum, AdamW, the loss as metric, one layer more, token batches") {
  const ReverseTask task;
  Config config = task.config();
  config.training.optimizer = OptimizerKind::sgd;
  config.training.learning_rate = 0.3;
  config.training.weight_decay = 1e-3;
  for (const std::size_t stop : {10, 17}) check_parts(config, {stop});
  config = task.config();
  config.training.optimizer = OptimizerKind::adamw;
  config.training.metric = ValidationMetric::loss;
  config.training.weight_decay = 0.01;
  config.training.batch_by_tokens = true;
  config.training.batch_size = 80;
  config.training.threads = 1;
  config.training.shards = 3;
  config.model.set_layers(2);
  for (const std::size_t stop : {10, 17}) check_parts(config, {stop});
}

TEST_CASE("resume: in bfloat16") {
  const ReverseTask task;
  Config config = task.config();
  config.training.precision = PrecisionSetting::bfloat16;
  for (const std::size_t stop : {10, 17}) check_parts(config, {stop});
}

TEST_CASE("resume: with batches accumulated, the last update of an epoch having fewer") {
  const ReverseTask task;
  Config config = task.config();
  config.training.accumulate = 5;
  for (const std::size_t stop : {1, 2, 3, 10, 17}) check_parts(config, {stop}, 20);
}

// A stop between two validations may leave the best model so far in the folder. A resumed training
// must forget it, as the one in a single go never saw it.
TEST_CASE("resume: the best model of an irregular validation does not outlive the stop") {
  const ReverseTask task;
  Config config = task.config();
  config.training.metric = ValidationMetric::loss;
  config.training.learning_rate = 0.1;  // restless, so that later models are not always better
  config.training.schedule = ScheduleKind::constant;
  config.training.valid_every = 4;
  std::size_t telling = 0;
  for (std::size_t stop = 14; stop < 60; stop += 4) {
    INFO("stopped after ", stop);
    TemporaryFolder whole, parts;
    const RunResult run = train(config, whole.path(), false, stop + 2);
    Recorder recorder;
    Config first = config;
    first.training.max_updates = stop;
    train(first, parts.path(), false, recorder);
    telling += recorder.validations.back().best && run.best_update < stop;
    train(config, parts.path(), true, stop + 2);
    check_same_training(whole, parts);
  }
  CHECK(telling > 0);  // such a model was there, and nothing better came after it
}

TEST_CASE("resume: after an interruption before the first update") {
  const ReverseTask task;
  for (const double average_decay : {0.0, 0.9}) {
    INFO("average_decay ", average_decay);
    Config config = task.config();
    config.training.average_decay = average_decay;
    TemporaryFolder whole, parts;
    train(config, whole.path(), false, 14);
    Recorder recorder;
    recorder.interrupt = true;
    CHECK(train(config, parts.path(), false, recorder).reason == StopReason::interrupted);
    train(config, parts.path(), true, 14);
    check_same_training(whole, parts);
  }
}

TEST_CASE("resume: after a crash that left a newer model than the state") {
  const ReverseTask task;
  TemporaryFolder whole, parts;
  train(task.config(), whole.path(), false, kUpdates);
  train(task.config(), parts.path(), false, 10);
  const std::string state = parts.read("training_state.safetensors");
  train(task.config(), parts.path(), true, 20);
  parts.write("training_state.safetensors", state);
  train(task.config(), parts.path(), true, kUpdates);
  check_same_training(whole, parts);
}

std::string resume_error(const Config& config, const TemporaryFolder& folder) {
  return error_of<CheckpointError>([&] { train(config, folder.path(), true, 40); }, &folder);
}

TEST_CASE("resume: what cannot be resumed is named") {
  const ReverseTask task;
  TemporaryFolder folder;
  Config config = task.config();
  CHECK(resume_error(config, folder) == "training_state.safetensors: no such file");
  train(config, folder.path(), false, 10);
  const std::string other =
      "training_state.safetensors: config.json is not the one that this training began with: ";
  config.model.hidden = 13;
  CHECK(resume_error(config, folder) == other + "hidden is 13, was 12");
  config = task.config();
  config.training.optimizer = OptimizerKind::sgd;
  CHECK(resume_error(config, folder) == other + "optimizer is \"sgd\", was \"adam\"");
  const std::string bytes = folder.read("training_state.safetensors");
  folder.write("training_state.safetensors", bytes.substr(0, bytes.size() - 1));
  CHECK(resume_error(task.config(), folder).starts_with("training_state.safetensors: truncated"));
  folder.write("training_state.safetensors", bytes);
  Safetensors no_state = Safetensors::read(folder.path() / "training_state.safetensors");
  no_state.set_metadata("training", "[]");
  no_state.write(folder.path() / "training_state.safetensors");
  CHECK(resume_error(task.config(), folder) ==
        "training_state.safetensors: not a training state of this program");
  folder.write("training_state.safetensors", bytes);
  std::ofstream(task.config().data.tsv.at(0), std::ios::app) << "a b c d e f\tf e d c b a\n";
  CHECK(resume_error(task.config(), folder) ==
        "training_state.safetensors: the training data are not the ones that this training began "
        "with");
}

// Writes another training state into the file; its checksum is right.
void edit_state(const std::filesystem::path& path,
                const std::function<void(nlohmann::json&)>& edit) {
  Safetensors file = Safetensors::read(path);
  auto json = nlohmann::json::parse(file.metadata().at("training"));
  edit(json);
  file.set_metadata("training", json.dump());
  file.write(path);
}

TEST_CASE("resume: a state from before the losses of validations were in it") {
  const ReverseTask task;
  Config config = task.config();
  config.training.keep_best = 2;
  config.training.metric = ValidationMetric::loss;  // of which no two are equal
  TemporaryFolder whole, parts;
  train(config, whole.path(), false, 40);
  train(config, parts.path(), false, 20);
  edit_state(parts.path() / "training_state.safetensors", [](nlohmann::json& state) {
    CHECK(state.erase("best_loss") == 1);
    REQUIRE(state.at("kept").size() == 2);
    for (nlohmann::json& one : state.at("kept")) one.erase(2);
  });
  train(config, parts.path(), true, 40);
  CHECK((parts.read("model.safetensors") == whole.read("model.safetensors")));
}

TEST_CASE("resume: counts and factors that cannot be are refused") {
  const ReverseTask task;
  TemporaryFolder folder;
  train(task.config(), folder.path(), false, 10);
  const auto path = folder.path() / "training_state.safetensors";
  const auto error_with = [&](const std::string& key, const nlohmann::json& value) {
    const std::string before = folder.read("training_state.safetensors");
    edit_state(path, [&](nlohmann::json& state) { state[key] = value; });
    const std::string error = resume_error(task.config(), folder);
    folder.write("training_state.safetensors", before);
    return error;
  };
  const std::string state = "training_state.safetensors: ";
  CHECK(error_with("position", 1000000000) == state + "position is 1000000000; at most 12 can be");
  CHECK(error_with("update", std::uint64_t{1} << 63) ==
        state + "update is 9223372036854775808; at most 1000000000000 can be");
  CHECK(error_with("epoch", std::uint64_t{1} << 63) ==
        state + "epoch is 9223372036854775808; at most 1000000000000 can be");
  for (const nlohmann::json& value : {nlohmann::json(-0.5), nlohmann::json(2)})
    CHECK(error_with("schedule_scale", value) ==
          state + "schedule_scale is " + value.dump() + "; need a number from 0 to 1");
  for (const char* key : {"update", "epoch", "position", "best_update", "bad_validations",
                          "optimizer_steps", "schedule_bad_in_a_row"})
    for (const nlohmann::json& value : {nlohmann::json(-1), nlohmann::json(0.5)}) {
      CAPTURE(key);
      CHECK(error_with(key, value) == state + "not a training state of this program");
    }
}

// Returns the array that is none.
std::string spoil_number(const std::filesystem::path& path, const std::string& prefix) {
  const Safetensors good = Safetensors::read(path);
  Safetensors bad;
  for (const auto& [key, value] : good.metadata()) bad.set_metadata(key, value);
  std::string last;
  for (const std::string& name : good.names())
    if (name.starts_with(prefix)) last = name;
  for (const std::string& name : good.names()) {
    Array<float> array = good.get<float>(name);
    if (name == last) array.data()[0] = std::nanf("");
    bad.add(name, array);
  }
  bad.write(path);
  return last;
}

TEST_CASE("resume: arrays of what is no number are refused") {
  const ReverseTask task;
  Config config = task.config();
  config.training.average_decay = 0.9;
  TemporaryFolder state;
  train(config, state.path(), false, 10);
  const std::string mean = spoil_number(state.path() / "training_state.safetensors", "average.");
  CHECK(resume_error(config, state) ==
        "training_state.safetensors: array " + mean + " is not finite");
  TemporaryFolder folder;
  train(config, folder.path(), false, 10);
  const std::string name = spoil_number(folder.path() / "model.safetensors", "");
  CHECK(resume_error(config, folder) == "model.safetensors: parameter " + name + " is not finite");
}

// Copies the folder while it is told of a validation, as a kill at that moment would leave it.
struct CopyAt : TrainingObserver {
  CopyAt(std::filesystem::path from, std::size_t at) : folder(std::move(from)), update(at) {}
  void on_validation(const ValidationReport& report) override {
    if (report.update == update)
      std::filesystem::copy(folder, copy.path(), std::filesystem::copy_options::recursive);
  }
  std::filesystem::path folder;
  std::size_t update;
  TemporaryFolder copy;
};

// A state that is saved for the first snapshot must not hide that a validation is due then.
TEST_CASE("resume: after a kill in a validation") {
  const ReverseTask task;
  Config config = task.config();
  config.training.snapshots = 3;
  config.training.max_updates = 24;
  for (const std::size_t update : {10, 20}) {
    INFO("killed after ", update);
    TemporaryFolder whole;
    CopyAt observer(whole.path(), update);
    train(config, whole.path(), false, observer, false);
    const auto state = observer.copy.path() / "training_state.safetensors";
    CHECK(std::filesystem::exists(state) == (update == 20));
    if (!std::filesystem::exists(state)) continue;
    train(config, observer.copy.path(), true, 24);
    check_same_training(whole, observer.copy);
  }
}

TEST_CASE("resume: after a kill between the first state and the first snapshot") {
  const ReverseTask task;
  Config config = task.config();
  config.training.snapshots = 3;
  TemporaryFolder whole, parts;
  train(config, whole.path(), false, 14);
  train(config, parts.path(), false, 10);
  const std::string first = "snapshots/000000010.safetensors";
  std::filesystem::remove(parts.path() / first);
  train(config, parts.path(), true, 14);
  CHECK((parts.read(first) == whole.read(first)));
  CHECK(parts.read(first) != "");
}

TEST_CASE("resume: an interrupted run does not give up a better model from the end of the last") {
  const ReverseTask task;
  Config config = task.config();
  config.training.valid_every = 20;
  TemporaryFolder folder;
  train(config, folder.path(), false, 30);  // validated, irregularly, at 30
  const std::string model = folder.read("model.safetensors");
  Recorder recorder;
  recorder.interrupt = true;
  train(config, folder.path(), true, recorder);
  CHECK((folder.read("model.safetensors") == model));
}

}  // namespace
}  // namespace babelgrad
