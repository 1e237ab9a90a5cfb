// Two trainings and one folder: the first has it alone, the second is told so and changes nothing.
#include <doctest/doctest.h>

#include <csignal>
#include <thread>

#include "babelgrad/base/files.h"
#include "tests/apps/world.h"

namespace babelgrad::test {
namespace {

const Arguments kEndless{"--max-updates", "0", "--patience", "0"};

void check_is_held(const Finished& second, pid_t holder) {
  CHECK(second.exit_code == 2);
  CHECK(second.out == "");
  CHECK(second.err.starts_with("babelgrad: model: is being trained by process " +
                               std::to_string(holder) + " on "));
  CHECK(second.err.ends_with(" UTC\n"));
  CHECK(lines_of(second.err).size() == 1);
}

// While the first stands still, so that the folder can be compared.
TEST_CASE("a folder that is being trained is refused to every other training") {
  const World world;
  world.add_model();
  Process first(train_to("model") + Arguments{"--overwrite"} + kEndless, world.path());
  while (!first.read_line_err(30).starts_with("update 30  validation")) {
  }
  first.signal(SIGSTOP);
  const auto before = world.snapshot();
  for (const Arguments& second : {train_to("model") + Arguments{"--overwrite"}, kResume,
                                  train_to("model") + Arguments{"--overwrite", "--seed", "2"},
                                  kResume + Arguments{"--max-updates", "90"}})
    check_is_held(world.run(second), first.id());
  CHECK((world.snapshot() == before));
  CHECK(world.run({"translate", "--model", "model"}, "je vois\n").exit_code == 0);
  CHECK(world.run({"translate", "--model", "model"}, "je vois\n").err == "");
  first.signal(SIGCONT);
  first.signal(SIGTERM);
  CHECK(first.finish().exit_code == 1);
  CHECK_FALSE(world.has("model/training.lock"));
}

TEST_CASE("a killed training locks nobody out and leaves nothing behind") {
  const World world;
  Process first(train_to("model") + kEndless, world.path());
  while (!first.read_line_err(30).starts_with("update 60  validation")) {
  }
  first.signal(SIGKILL);
  first.finish();
  CHECK(world.has("model/training.lock"));
  world.write("model/model.safetensors." + std::to_string(first.id()) + "-9.tmp", "x");
  CHECK(world.run(kResume + Arguments{"--max-updates", "90"}).exit_code == 0);
  CHECK_FALSE(world.has("model/training.lock"));
  for (const auto& [name, content] : world.snapshot()) CHECK_FALSE(name.ends_with(".tmp"));
}

TEST_CASE("a training that was killed before its first file leaves a free folder") {
  const World world;
  world.write("model/training.lock", "process 1 on nowhere since long ago\n");
  CHECK(world.run(train_to("model") + Arguments{"--max-updates", "3"}).exit_code == 0);
}

// The folder must hold the one or the other, whole.
void start_two(const World& world, const Arguments& more) {
  std::vector<Finished> ends(2);
  {
    std::vector<std::thread> trainings;
    for (int i = 0; i < 2; ++i)
      trainings.emplace_back([&, i] {
        ends[i] = world.run(train_to("model") + more +
                            Arguments{"--seed", std::to_string(i + 1), "--max-updates", "30"});
      });
    for (std::thread& training : trainings) training.join();
  }
  std::size_t trained = 0;
  for (int i = 0; i < 2; ++i) {
    CAPTURE(ends[i].err);
    CHECK((ends[i].exit_code == 0 || ends[i].exit_code == 2));
    trained += ends[i].exit_code == 0;
  }
  CHECK(trained >= 1);
  const Finished translated = world.run({"translate", "--model", "model"}, "je vois\n");
  CHECK(translated.err == "");
  CHECK(translated.exit_code == 0);
  CHECK(world.run(kResume + Arguments{"--max-updates", "31"}).exit_code == 0);
}

TEST_CASE("two trainings with other seeds started at once in a new folder") {
  for (int i = 0; i < 5; ++i) start_two(World(), {});
}

TEST_CASE("two trainings with other seeds started at once over an old model") {
  const World world;
  world.add_model();
  for (int i = 0; i < 10; ++i) start_two(world, {"--overwrite"});
}

}  // namespace
}  // namespace babelgrad::test
