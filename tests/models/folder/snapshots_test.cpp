// Snapshots of a training: which moments are kept, that resuming changes nothing, and that each
// holds the model of its moment.
#include "babelgrad/models/folder/snapshots.h"

#include <doctest/doctest.h>

#include "tests/models/training/trainer_helpers.h"

namespace babelgrad {
namespace {

using Updates = std::vector<std::size_t>;

Updates updates_in(const TemporaryFolder& folder) {
  Updates updates;
  for (const Snapshot& snapshot : list_snapshots(folder.path())) updates.push_back(snapshot.update);
  return updates;
}

TEST_CASE("snapshots: which moments are kept") {
  CHECK(snapshot_updates(1000, 0) == Updates{});
  CHECK(snapshot_updates(9, 3) == Updates{});
  CHECK(snapshot_updates(10, 3) == Updates{10});
  CHECK(snapshot_updates(100, 3) == Updates{10, 80});
  CHECK(snapshot_updates(639, 3) == Updates{10, 80, 270});
  CHECK(snapshot_updates(640, 3) == Updates{80, 640});
  CHECK(snapshot_updates(5000, 8) == Updates{10, 80, 270, 640, 1250, 2160, 3430});
  CHECK(snapshot_updates(100, 1) == Updates{80});
}

TEST_CASE("snapshots: never more than asked for, and none that was not there before") {
  for (const std::size_t limit : {1, 2, 3, 8, 13}) {
    Updates before;
    for (std::size_t update = 1; update < 20000; ++update) {
      const Updates now = snapshot_updates(update, limit);
      CHECK(now.size() <= limit);
      for (const std::size_t taken : now)
        REQUIRE(
            (taken == update || std::find(before.begin(), before.end(), taken) != before.end()));
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
    CHECK(updates_in(whole) == Updates{80, 95});
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
  CHECK(updates_in(short_run) == Updates{});
  REQUIRE(updates_in(folder) == Updates{10, 45});
  const Safetensors state = Safetensors::read(short_run.path() / "training_state.safetensors");
  const Safetensors snapshot = Safetensors::read(list_snapshots(folder.path())[0].file);
  for (const std::string& name : snapshot.names())
    CHECK(max_difference(snapshot.get<float>(name), state.get<float>("average." + name)) == 0);
}

TEST_CASE("snapshots: a new model removes the old one's, and only those") {
  const ReverseTask task;
  Config config = task.config();
  config.training.snapshots = 3;
  TemporaryFolder folder;
  train(config, folder.path(), false, 12);
  folder.write("snapshots/notes.txt", "mine");
  remove_model_files(folder.path());
  CHECK(updates_in(folder) == Updates{});
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
