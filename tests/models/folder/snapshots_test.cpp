// Snapshots of a training: which moments are kept, that resuming changes nothing, and that each
// holds the model of its moment.
#include "babelgrad/models/folder/snapshots.h"

#include <doctest/doctest.h>

#include "tests/models/training/trainer_helpers.h"

namespace babelgrad {
namespace {

using UpdateSet = std::set<std::size_t>;

UpdateSet updates_in(const TemporaryFolder& model, const std::string& folder = kSnapshotFolder) {
  UpdateSet updates;
  for (const Snapshot& snapshot : list_snapshots(model.path(), folder))
    updates.insert(snapshot.update);
  return updates;
}

TEST_CASE("snapshots: which moments are kept") {
  CHECK(snapshot_updates(1000, 0) == UpdateSet{});
  CHECK(snapshot_updates(9, 3) == UpdateSet{});
  CHECK(snapshot_updates(10, 3) == UpdateSet{10});
  CHECK(snapshot_updates(100, 3) == UpdateSet{10, 80});
  CHECK(snapshot_updates(639, 3) == UpdateSet{10, 80, 270});
  CHECK(snapshot_updates(640, 3) == UpdateSet{80, 640});
  CHECK(snapshot_updates(5000, 8) == UpdateSet{10, 80, 270, 640, 1250, 2160, 3430});
  CHECK(snapshot_updates(100, 1) == UpdateSet{80});
}

TEST_CASE("snapshots: never more than asked for, and none that was not there before") {
  for (const std::size_t limit : {1, 2, 3, 8, 13}) {
    UpdateSet before;
    for (std::size_t update = 1; update < 20000; ++update) {
      const UpdateSet now = snapshot_updates(update, limit);
      CHECK(now.size() <= limit);
      for (const std::size_t taken : now) REQUIRE((taken == update || before.contains(taken)));
      before = now;
    }
  }
}

TEST_CASE("snapshots: a training in parts keeps the same ones as one in a single go") {
  const ReverseTask task;
  Config config = task.config();
  config.training.snapshots = 1;
  for (const std::size_t stop : {5, 10, 25, 79, 80, 81, 90}) {
    INFO("stopped after ", stop);
    TemporaryFolder whole, parts;
    train(config, whole.path(), false, 95);
    train(config, parts.path(), false, stop);
    train(config, parts.path(), true, 95);
    check_same_training(whole, parts);
    CHECK(updates_in(whole) == UpdateSet{80, 95});
    REQUIRE(updates_in(parts) == updates_in(whole));
    for (const Snapshot& snapshot : list_snapshots(whole.path())) {
      const std::string name = "snapshots/" + snapshot.file.filename().string();
      CHECK((whole.read(name) == parts.read(name)));
    }
  }
}

TEST_CASE("snapshots: each is the model that a training up to there leaves") {
  const ReverseTask task;
  Config config = task.config();
  config.training.average_decay = 0.9;
  config.training.snapshots = 4;
  config.training.patience = 0;
  TemporaryFolder folder, short_run;
  train(config, folder.path(), false, 45);
  config.training.snapshots = 0;
  train(config, short_run.path(), false, 10);
  CHECK(updates_in(short_run) == UpdateSet{});
  REQUIRE(updates_in(folder) == UpdateSet{10, 45});
  const Safetensors state = Safetensors::read(short_run.path() / "training_state.safetensors");
  const Safetensors snapshot = Safetensors::read(list_snapshots(folder.path())[0].file);
  for (const std::string& name : snapshot.names())
    CHECK(max_difference(snapshot.get<float>(name), state.get<float>("average." + name)) == 0);
}

// The updates of the best validations of a log that a resumed training goes on with.
UpdateSet best_of(const TemporaryFolder& folder, std::size_t count) {
  std::vector<ValidationMetrics> validations =
      read_metrics(folder.path() / kMetricsFile).validations;
  std::erase_if(validations, [](const ValidationMetrics& m) { return m.is_final; });
  std::stable_sort(validations.begin(), validations.end(),
                   [](const auto& a, const auto& b) { return a.loss < b.loss; });
  UpdateSet updates;
  for (std::size_t i = 0; i < std::min(count, validations.size()); ++i)
    updates.insert(validations[i].update);
  return updates;
}

TEST_CASE("keep_best: the best validated moments, in parts and in a single go") {
  const ReverseTask task;
  Config config = task.config();
  config.training.metric = ValidationMetric::loss;
  config.training.schedule = ScheduleKind::constant;
  config.training.learning_rate = 0.1;  // so that later is not always better
  config.training.average_decay = 0;
  config.training.valid_every = 10;
  config.training.patience = 0;
  config.training.keep_best = 3;
  TemporaryFolder whole;
  train(config, whole.path(), false, 95);
  const UpdateSet kept = updates_in(whole, kBestFolder);
  CHECK(kept == best_of(whole, 3));
  CHECK(kept.size() == 3);
  CHECK(kept != UpdateSet{70, 80, 90});
  for (const std::size_t stop : {5, 10, 34, 50, 90}) {
    INFO("stopped after ", stop);
    TemporaryFolder parts;
    train(config, parts.path(), false, stop);
    CHECK(updates_in(parts, kBestFolder) == best_of(parts, 3));
    parts.write("best/000000099.safetensors", "of a run that was killed");
    train(config, parts.path(), true, 95);
    check_same_training(whole, parts);
    REQUIRE(updates_in(parts, kBestFolder) == kept);
    for (const Snapshot& snapshot : list_snapshots(whole.path(), kBestFolder)) {
      const std::string name = "best/" + snapshot.file.filename().string();
      CHECK((whole.read(name) == parts.read(name)));
    }
  }
  // Moments whose files have gone make room for others.
  TemporaryFolder emptied;
  train(config, emptied.path(), false, 50);
  std::filesystem::remove_all(emptied.path() / kBestFolder);
  train(config, emptied.path(), true, 80);
  CHECK(updates_in(emptied, kBestFolder) == UpdateSet{60, 70, 80});
  // The best is the model, where no other validation was made to end on.
  TemporaryFolder even;
  train(config, even.path(), false, 90);
  char name[40];
  std::snprintf(name, sizeof name, "best/%09zu.safetensors", *best_of(even, 1).begin());
  const Safetensors moment = Safetensors::read(even.path() / name),
                    model = Safetensors::read(even.path() / "model.safetensors");
  for (const std::string& parameter : moment.names())
    CHECK(max_difference(moment.get<float>(parameter), model.get<float>(parameter)) == 0);
  remove_model_files(whole.path());
  CHECK(updates_in(whole, kBestFolder) == UpdateSet{});
}

TEST_CASE("snapshots: a new model removes the old one's, and only those") {
  const ReverseTask task;
  Config config = task.config();
  config.training.snapshots = 3;
  TemporaryFolder folder;
  train(config, folder.path(), false, 12);
  folder.write("snapshots/notes.txt", "mine");
  remove_model_files(folder.path());
  CHECK(updates_in(folder) == UpdateSet{});
  CHECK(folder.read("snapshots/notes.txt") == "mine");
}

TEST_CASE("snapshots: one of another model, or a damaged one, is refused by name") {
  const ReverseTask task;
  Config config = task.config();
  config.training.snapshots = 3;
  TemporaryFolder folder;
  train(config, folder.path(), false, 10);
  const Snapshot snapshot = list_snapshots(folder.path()).at(0);
  Seq2SeqConfig other = config.model;
  other.source_vocabulary = other.target_vocabulary = 9;
  other.share_embeddings = false;
  Seq2Seq<float> model(other, 1);
  const auto refusal = [&] {
    return error_of<CheckpointError>([&] { load_snapshot(snapshot, model.store()); }, &folder);
  };
  CHECK(refusal().starts_with("snapshots/000000010.safetensors: "));
  const std::string name = "snapshots/000000010.safetensors";
  const std::string bytes = folder.read(name);
  folder.write(name, bytes.substr(0, bytes.size() - 1));
  CHECK(refusal().starts_with("snapshots/000000010.safetensors: truncated"));
}

}  // namespace
}  // namespace babelgrad
