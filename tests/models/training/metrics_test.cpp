// metrics.jsonl: what a training writes, and what is left of it after a stop or a crash.
#include <doctest/doctest.h>

#include <cmath>
#include <sstream>

#include "babelgrad/models/training/metrics.h"
#include "babelgrad/text/error.h"
#include "tests/models/training/trainer_helpers.h"

namespace babelgrad {
namespace {

// Trains the small task, logging every 5 updates, and reads what it logged.
Metrics train_logged(const TemporaryFolder& folder, bool resume, std::size_t max_updates) {
  const ReverseTask task;
  Config config = task.config();
  config.training.log_every = 5;
  train(config, folder.path(), resume, max_updates);
  return read_metrics(folder.path() / kMetricsFile);
}

std::vector<std::size_t> updates_of(const auto& lines) {
  std::vector<std::size_t> updates;
  for (const auto& line : lines) updates.push_back(line.update);
  return updates;
}

// The lines without what depends on the clock and the machine.
std::vector<nlohmann::json> repeatable_lines(const TemporaryFolder& folder) {
  std::vector<nlohmann::json> lines;
  std::istringstream text(folder.read(kMetricsFile));
  for (std::string line; std::getline(text, line);) {
    lines.push_back(nlohmann::json::parse(line));
    for (const char* key : {"seconds", "tokens_per_second", "memory_mb"}) lines.back().erase(key);
  }
  return lines;
}

UpdateMetrics line_of(std::size_t update) {
  UpdateMetrics metrics;
  metrics.update = update;
  return metrics;
}

using Updates = std::vector<std::size_t>;

TEST_CASE("metrics of a training") {
  const TemporaryFolder folder;
  const Metrics metrics = train_logged(folder, false, 27);
  CHECK(updates_of(metrics.updates) == Updates{5, 10, 15, 20, 25});
  CHECK(updates_of(metrics.validations) == Updates{10, 20, 27});
  for (const UpdateMetrics& m : metrics.updates) {
    CHECK(m.epoch == 1 + (m.update - 1) / 12);  // 180 pairs, 16 a batch
    CHECK(m.loss > 0);
    CHECK(std::abs(m.perplexity - std::exp(m.smoothed_loss)) < 1e-4 * m.perplexity);
    CHECK(m.learning_rate > 0);
    CHECK(m.tokens_per_second > 0);
    CHECK(m.memory_mb.value() > 1);
  }
  CHECK(metrics.updates[0].seconds < metrics.updates[4].seconds);
  CHECK(metrics.updates[0].learning_rate == 0.01);
  CHECK_FALSE(metrics.validations[1].is_final);
  CHECK(metrics.validations[2].is_final);
  CHECK(metrics.validations[0].best);
  for (const ValidationMetrics& m : metrics.validations) {
    CHECK(std::abs(m.perplexity - std::exp(m.loss)) < 1e-4 * m.perplexity);
    CHECK(m.bleu >= 0);
    REQUIRE(m.text.has_value());
    CHECK(m.text->exact_match <= 1);
    CHECK(m.text->token_error_rate > 0);
    CHECK(m.text->chrf >= 0);
  }
}

TEST_CASE("the norms of the parameters add up to the norm of all") {
  const TemporaryFolder folder;
  const Metrics metrics = train_logged(folder, false, 10);
  REQUIRE(metrics.validations.size() == 1);
  const Safetensors state = Safetensors::read(folder.path() / "training_state.safetensors");
  double squares = 0;
  for (const ParameterNorms& norms : metrics.validations[0].parameters) {
    CAPTURE(norms.name);
    squares += *norms.gradient_norm * *norms.gradient_norm;
    const Array<float> weights = state.get<float>("parameter." + norms.name);
    double weight_squares = 0;
    for (const float w : weights) weight_squares += static_cast<double>(w) * w;
    CHECK(std::abs(norms.weight_norm - std::sqrt(weight_squares)) < 1e-4);
  }
  CHECK(metrics.updates.back().update == 10);
  CHECK(std::abs(std::sqrt(squares) / metrics.updates.back().gradient_norm - 1) < 1e-5);
}

TEST_CASE("stopped and resumed, the log has the same lines") {
  const TemporaryFolder whole, parts;
  train_logged(whole, false, 34);
  train_logged(parts, false, 13);
  CHECK(train_logged(parts, true, 20).validations.size() == 2);
  train_logged(parts, true, 34);
  CHECK(repeatable_lines(parts) == repeatable_lines(whole));
}

TEST_CASE("resuming after a crash cuts what came after the saved state") {
  const TemporaryFolder folder, whole;
  train_logged(folder, false, 20);
  std::string text = folder.read(kMetricsFile);
  const std::string update_line = text.substr(0, text.find('\n') + 1);
  std::string later = update_line;
  later.replace(later.find(":5"), 2, ":25");
  folder.write(kMetricsFile, text + later + R"({"update": 30, "ep)");
  CHECK(updates_of(train_logged(folder, true, 25).updates) == Updates{5, 10, 15, 20, 25});
  train_logged(whole, false, 25);
  CHECK(repeatable_lines(folder) == repeatable_lines(whole));
}

TEST_CASE("what of a log is kept on resuming, and what is told") {
  const TemporaryFolder folder;
  const auto path = folder.path() / kMetricsFile;
  const auto lines = [&](const std::vector<std::size_t>& updates) {
    const TemporaryFolder written;
    MetricsLog log(written.path() / kMetricsFile);
    log.open();
    for (const std::size_t update : updates) log.add(line_of(update));
    return written.read(kMetricsFile);
  };
  struct Row {
    std::string text, kept, notice;
  };
  const std::string start = lines({5, 10}), after = lines({25});
  const std::vector<Row> rows{
      {"", "", ""},
      {start, start, ""},
      {start + after, start, ""},
      {start + after + "{", start, "damaged at line 4; cut back to line 2"},
      {start.substr(0, start.size() - 1), lines({5}), "damaged at line 2; cut back to line 1"},
      {"x\n" + start, "", "damaged at line 1; cut back to line 0"},
      {after + start, "",
       "damaged at line 2; cut back to line 0"},  // an update that became another
      {start + lines({5}) + after, start, "damaged at line 3; cut back to line 2"},
      {start + std::string(100, '\0'), start, "damaged at line 3; cut back to line 2"},
      {start + R"({"update": -1, "epoch": 1})"
               "\n",
       start, "damaged at line 3; cut back to line 2"}};
  for (const Row& row : rows) {
    CAPTURE(row.text);
    folder.write(kMetricsFile, row.text);
    const std::string notice = MetricsLog(path).resume(20).value_or("");
    CHECK(notice == (row.notice.empty() ? "" : path.string() + ": " + row.notice));
    CHECK(folder.read(kMetricsFile) == row.kept);
  }
}

TEST_CASE("a log with any bit flipped, or cut anywhere, changes nothing of the training resumed") {
  const TemporaryFolder whole, parts;
  train_logged(whole, false, 25);
  train_logged(parts, false, 20);
  const std::string log = parts.read(kMetricsFile),
                    state = parts.read("training_state.safetensors"),
                    model = parts.read("model.safetensors");
  for (std::size_t i = 0; i < 60; ++i) {
    const std::size_t at = i * log.size() / 60;
    std::string damaged = log;
    if (i % 3 == 2)
      damaged.resize(at);
    else
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << i % 8));
    CAPTURE(at);
    parts.write(kMetricsFile, damaged);
    parts.write("training_state.safetensors", state);
    parts.write("model.safetensors", model);
    CHECK_NOTHROW(train_logged(parts, true, 25));  // which also reads the log
    check_same_training(whole, parts);
  }
}

TEST_CASE("a training without its log goes on with a new one") {
  const TemporaryFolder folder;
  train_logged(folder, false, 10);
  std::filesystem::remove(folder.path() / kMetricsFile);
  CHECK(updates_of(train_logged(folder, true, 15).updates) == Updates{15});
}

TEST_CASE("a new training replaces the log") {
  const TemporaryFolder folder;
  train_logged(folder, false, 20);
  CHECK(updates_of(train_logged(folder, false, 10).updates) == Updates{5, 10});
}

TEST_CASE("lines wait until the log is opened; then each is in the file at once") {
  const TemporaryFolder folder;
  const auto path = folder.path() / kMetricsFile;
  MetricsLog log(path);
  log.add(line_of(1));
  CHECK_FALSE(std::filesystem::exists(path));
  log.open();
  CHECK(updates_of(read_metrics(path).updates) == Updates{1});
  log.add(line_of(2));
  CHECK(updates_of(read_metrics(path).updates) == Updates{1, 2});
}

TEST_CASE("metrics: errors name file and line") {
  const TemporaryFolder folder;
  const auto path = folder.path() / kMetricsFile;
  const std::string name = path.string();
  CHECK_THROWS_WITH_AS(read_metrics(path), (name + ": no such file").c_str(), text::InputError);
  MetricsLog log(path);
  log.add(line_of(1));
  log.open();
  const std::string good = folder.read(kMetricsFile);
  for (const char* bad : {"{\n", "[]\n", "{}\n", "\n", "{\"update\": \"x\"}\n", "\xff\n"}) {
    CAPTURE(bad);
    folder.write(kMetricsFile, good + bad + good);
    const std::string message = name + ":2: not a line of training metrics";
    CHECK_THROWS_WITH_AS(read_metrics(path), message.c_str(), CheckpointError);
    CHECK(MetricsLog(path).resume(9) == name + ": damaged at line 2; cut back to line 1");
    CHECK(folder.read(kMetricsFile) == good);
  }
}

TEST_CASE("metrics that cannot be written") {
  MetricsLog full("/dev/full");
  full.add(line_of(1));
  CHECK_THROWS_WITH_AS(full.open(), "/dev/full: cannot be written (No space left on device)",
                       CheckpointError);
  CHECK_THROWS_WITH_AS(MetricsLog("/missing/m.jsonl").open(),
                       "/missing/m.jsonl: cannot be written (No such file or directory)",
                       CheckpointError);
}

}  // namespace
}  // namespace babelgrad
