// What can go wrong while a training runs: a full disk, divergence, Ctrl-C. The last good model
// survives each of them.
#include <doctest/doctest.h>

#include <algorithm>
#include <csignal>
#include <regex>

#include "babelgrad/models/training/metrics.h"
#include "tests/apps/world.h"

namespace babelgrad::test {
namespace {

namespace fs = std::filesystem;

const std::string kInputLine = "je vois le chat\n";

std::string translation(const World& world) {
  const Finished finished = world.run({"translate", "--model", "model"}, kInputLine);
  CHECK(finished.err == "");
  CHECK(finished.exit_code == 0);
  return finished.out;
}

Finished run_limited(const World& world, const Arguments& arguments, std::uint64_t bytes) {
  return run(arguments, {.folder = world.path(), .max_file_bytes = bytes});
}

TEST_CASE("full disk: the last good checkpoint survives and can be resumed") {
  const World world;
  world.add_model();
  const Arguments resume{"train", "--resume", "--out", "model", "--max-updates", "90"};
  const std::vector<std::pair<std::size_t, std::string>> rows{
      {1000, "model/config.json"},
      {fs::file_size(world.path() / "model/training_state.safetensors") - 1000,
       "model/training_state.safetensors"}};
  const std::string state = world.read("model/training_state.safetensors");
  for (const auto& [bytes, file] : rows) {
    const Finished full = run_limited(world, resume, bytes);
    CHECK(full.exit_code == 2);
    CHECK(lines_of(full.err).back() ==
          "babelgrad: " + file + ": cannot be written (File too large)");
    CHECK(world.read("model/training_state.safetensors") == state);
    for (const auto& [name, content] : world.snapshot()) CHECK_FALSE(name.ends_with(".tmp"));
    translation(world);
  }
  CHECK(world.run(resume).exit_code == 0);
}

// A limit that the model file itself exceeds: whatever the validations find, it stays as it was.
TEST_CASE("full disk: the model file is not touched") {
  const World world;
  world.add_model();
  const std::string before = translation(world);
  const std::string model = world.read("model/model.safetensors");
  const Finished full =
      run_limited(world, {"train", "--resume", "--out", "model", "--max-updates", "300"}, 10000);
  CHECK(full.exit_code == 2);
  CHECK(full.err.ends_with(".safetensors: cannot be written (File too large)\n"));
  CHECK(world.read("model/model.safetensors") == model);
  CHECK(translation(world) == before);
}

TEST_CASE("full disk from the beginning") {
  const World world;
  const Finished full = run_limited(world, train_to("model"), 4000);
  CHECK(full.exit_code != 0);
  CHECK(full.err.find("(File too large)\n") != std::string::npos);
  const Finished after = world.run({"translate", "--model", "model"}, kInputLine);
  CHECK(after.exit_code == 2);
}

TEST_CASE("results that cannot be written fail") {
  const World world;
  world.add_model();
  const std::vector<Arguments> commands{
      {"translate", "--model", "model"},
      {"score", "--model", "model", "--source", "train.fr", "--target", "train.en"},
      {"evaluate", "--model", "model", "--source", "train.fr", "--reference", "train.en"},
      {"inspect", "--model", "model"},
      {"--help"},
      {"train", "--help"},
      {"--version"}};
  for (const Arguments& command : commands) {
    CAPTURE(join(command));
    const Finished finished =
        run(command, {.folder = world.path(), .input = kInputLine, .out = "/dev/full"});
    CHECK(finished.exit_code == 1);
    CHECK(finished.err == "babelgrad: standard output: cannot be written\n");
  }
}

// OpenBLAS alone wants 128 MiB for each product that runs at the same time, a sanitizer terabytes.
TEST_CASE("little address space: done, or out of memory, and not for ever" *
          doctest::skip(BABELGRAD_SANITIZED)) {
  const World world;
  world.add_model();
  std::size_t done = 0;
  for (const char* kilobytes : {"150000", "200000", "240000", "262000", "266000", "270000",
                                "278000", "300000", "400000", "1000000"})
    for (const Arguments& command : {train_to("other") + Arguments{"--threads", "2", "--overwrite"},
                                     Arguments{"translate", "--model", "model"}}) {
      CAPTURE(join(command) + " with " + kilobytes);
      const Arguments limited{"bash", "-c", "ulimit -v $1; shift; timeout 60 \"$@\"", "-",
                              kilobytes};
      const Finished finished =
          run(command, {.folder = world.path(), .under = limited, .input = kInputLine});
      done += finished.exit_code == 0;
      if (finished.exit_code == 0) continue;
      CHECK(finished.exit_code == 1);
      CHECK(lines_of(finished.err).back() == "babelgrad: out of memory");
    }
  CHECK(done >= 2);
}

TEST_CASE("a folder that cannot be read is named") {
  const World world;
  world.add_model();
  fs::create_symlink("snapshots", world.path() / "model/snapshots");
  const Finished finished = world.run({"report", "--model", "model", "--out", "page.html"});
  CHECK(finished.exit_code == 2);
  CHECK(finished.err ==
        "babelgrad: model/snapshots: cannot be used (Too many levels of symbolic links)\n");
}

// Run by a shell, into a reader that goes away at once.
Finished run_unread(const World& world, const Arguments& arguments, const std::string& streams) {
  const Arguments bash{"bash", "-c", "\"$@\" " + streams + " | true; exit ${PIPESTATUS[0]}", "-"};
  return run(arguments, {.folder = world.path(), .under = bash});
}

TEST_CASE("results that nobody reads any more fail, progress that nobody reads does not") {
  const World world;
  world.add_model();
  const Finished page =  // longer than what a pipe holds
      run_unread(world, {"explain", "--model", "model", "je vois", "--out", "-"}, "");
  CHECK(page.exit_code == 1);
  CHECK(page.err == "babelgrad: standard output: cannot be written\n");
  const Finished training = run_unread(world, train_to("other"), "2>&1 >/dev/null");
  CHECK(training.exit_code == 0);
  CHECK(world.read("other/model.safetensors") == world.read("model/model.safetensors"));
}

TEST_CASE("divergence names update and tensor and keeps the last good model") {
  const World world;
  const Finished training =
      world.run(train_to("model") + Arguments{"--optimizer", "sgd", "--weight-decay", "1",
                                              "--learning-rate", "100", "--clip-norm", "0",
                                              "--schedule", "warmup", "--valid-every", "11"});
  CHECK(training.exit_code == 2);
  CHECK(training.out == "");
  const std::string last = lines_of(training.err).back();
  CAPTURE(last);
  CHECK(last.starts_with("babelgrad: training diverged at update "));
  CHECK(last.find(" is not finite (anomaly: forward of ") != std::string::npos);
  const std::regex place(R"(forward of \w+ (got|made) (NaN|Inf) .* \[\d+(, \d+)*\]\)$)");
  CHECK(std::regex_search(last, place));
  CHECK(training.err.find("update 11  validation: ") != std::string::npos);
  translation(world);
}

TEST_CASE("--overwrite: the old model stands until the new one is first saved") {
  const World world;
  world.add_model();
  const auto before = world.snapshot();
  const Finished training = world.run(
      train_to("model") + Arguments{"--overwrite", "--optimizer", "sgd", "--weight-decay", "1",
                                    "--learning-rate", "100", "--clip-norm", "0", "--schedule",
                                    "warmup", "--valid-every", "1000", "--max-updates", "1000"});
  CHECK(training.exit_code == 2);
  CHECK(lines_of(training.err).back().starts_with("babelgrad: training diverged at update "));
  CHECK((world.snapshot() == before));
}

// A file that got the descriptor of standard error would be written into.
TEST_CASE("closed standard streams: no file takes their place") {
  for (const std::vector<int>& closed :
       {std::vector<int>{0}, {1}, {2}, {0, 1}, {0, 2}, {1, 2}, {0, 1, 2}}) {
    const World world;
    world.add_model("whole");
    std::string names;
    for (const int descriptor : closed) names += std::to_string(descriptor) + " ";
    CAPTURE(names);
    const bool results = std::find(closed.begin(), closed.end(), 1) == closed.end();
    const Finished training = run(train_to("model"), {.folder = world.path(), .closed = closed});
    CHECK(training.exit_code == (results ? 0 : 1));  // 1: the folder's name cannot be printed
    CHECK(world.read("model/model.safetensors") == world.read("whole/model.safetensors"));
    CHECK(lines_of(world.read("model/metrics.jsonl")).size() ==
          lines_of(world.read("whole/metrics.jsonl")).size());
    CHECK(read_metrics(world.path() / "model/metrics.jsonl").updates.size() == 6);
    CHECK(world.run({"train", "--resume", "--out", "model", "--max-updates", "70"}).exit_code == 0);
  }
}

TEST_CASE("closed standard streams: a command that needs one says so") {
  const World world;
  world.add_model();
  const Arguments translate{"translate", "--model", "model"};
  const Finished no_input = run(translate, {.folder = world.path(), .closed = {0}});
  CHECK(no_input.exit_code == 2);
  CHECK(no_input.err == "babelgrad: standard input: cannot be read (Bad file descriptor)\n");
  const Finished no_output =
      run(translate, {.folder = world.path(), .input = kInputLine, .closed = {1}});
  CHECK(no_output.exit_code == 1);
  CHECK(no_output.err == "babelgrad: standard output: cannot be written\n");
}

TEST_CASE("a damaged log does not stop a training from being resumed") {
  const World world;
  world.add_model();
  const std::string log = world.read("model/metrics.jsonl");
  const auto lines = lines_of(log);
  REQUIRE(lines.size() == 8);
  world.write("model/metrics.jsonl",
              log.substr(0, lines[0].size() + 10) + "\x01" + log.substr(lines[0].size() + 11));
  const Finished resumed =
      world.run({"train", "--resume", "--out", "model", "--max-updates", "70"});
  CHECK(resumed.exit_code == 0);
  const auto told = lines_of(resumed.err);
  CHECK(std::count(told.begin(), told.end(),
                   "model/metrics.jsonl: damaged at line 2; cut back to line 1") == 1);
  CHECK(world.run({"report", "--model", "model", "--out", "report.html"}).exit_code == 0);
}

void interrupt_and_resume(int signal) {
  const World world;
  Process training(
      train_to("model") + Arguments{"--max-updates", "0", "--patience", "0", "--metric", "loss"},
      world.path());
  std::string line;
  while (!line.starts_with("update 30  validation")) {
    line = training.read_line_err(30);
    REQUIRE(line != "");
  }
  training.signal(signal);
  training.signal(SIGHUP);  // a session that ends sends it after SIGTERM
  const Finished finished = training.finish();
  CHECK(finished.exit_code == 1);
  CHECK(finished.out == "");
  const auto lines = lines_of(finished.err);
  REQUIRE(lines.size() >= 2);
  CHECK(lines.back() == "saved; go on with: babelgrad train --resume --out model");
  CHECK(lines[lines.size() - 2].starts_with("stopped after update "));
  CHECK(lines[lines.size() - 2].ends_with(": interrupted"));
  translation(world);

  const Finished resumed = world.run({"train", "--resume", "--out", "model", "--max-updates", "1"});
  CHECK(resumed.exit_code == 0);
  CHECK(resumed.out == "model\n");
  CHECK(resumed.err.find("resuming after update ") != std::string::npos);
}

TEST_CASE("Ctrl-C saves and says how to go on") { interrupt_and_resume(SIGINT); }
TEST_CASE("so does the signal to end") { interrupt_and_resume(SIGTERM); }
TEST_CASE("so does the end of the terminal") { interrupt_and_resume(SIGHUP); }
TEST_CASE("so does a queue of work that ends it") { interrupt_and_resume(SIGUSR1); }
TEST_CASE("so does the end of its time") { interrupt_and_resume(SIGXCPU); }

}  // namespace
}  // namespace babelgrad::test
