// Several ranks of the program under mpirun: the same files and translations as alone, and what
// each is told. Without mpirun, or a build without MPI, only that the latter is said.
#include <doctest/doctest.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "tests/apps/world.h"

namespace babelgrad::test {
namespace {

bool has_mpi() {
  const bool has = std::filesystem::exists(BABELGRAD_BINARY_DIR "/babelgrad_mpi.so") &&
                   std::system("command -v mpirun >/dev/null") == 0;
  if (!has) MESSAGE("no MPI: nothing is tested");
  return has;
}

// Open MPI wants to be told that it may run so.
const Arguments kMpirun{"env", "OMPI_ALLOW_RUN_AS_ROOT=1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1",
                        "mpirun", "--oversubscribe"};

Arguments mpirun(std::size_t ranks) { return kMpirun + Arguments{"-n", std::to_string(ranks)}; }

Finished run_as(std::size_t ranks, const World& world, const Arguments& arguments,
                const std::string& input = "") {
  return run(arguments, {.folder = world.path(), .under = mpirun(ranks), .input = input});
}

TEST_CASE("ranks of mpirun train to the same files as one process, and go on with each other's") {
  if (!has_mpi()) return;
  const World world;
  CHECK(world.run(train_to("alone")).exit_code == 0);
  const Finished both = run_as(2, world, train_to("both"));
  CHECK(both.exit_code == 0);
  CHECK(both.out == "both\n");
  CHECK(
      both.err.find("ranks: 2, of 1 thread and up to 1 shard each; gradients sent in float32\n") !=
      std::string::npos);
  CHECK((world.read("both/model.safetensors") == world.read("alone/model.safetensors")));

  CHECK(run_as(3, world, train_to("parts") + Arguments{"--max-updates", "25"}).exit_code == 0);
  const Arguments more{"train", "--resume", "--out", "parts", "--max-updates"};
  CHECK(world.run(more + Arguments{"35"}).exit_code == 0);
  CHECK(run_as(2, world, more + Arguments{"60"}).exit_code == 0);
  CHECK((world.read("parts/model.safetensors") == world.read("alone/model.safetensors")));
}

TEST_CASE("ranks of mpirun translate, evaluate and score as one process does") {
  if (!has_mpi()) return;
  const World& world = trained_world();
  const std::string lines = world.read("train.fr");
  const Arguments few{"--search-batch", "8", "--threads", "1"};
  for (const Arguments& arguments :
       {kTranslate + few, kTranslate + few + Arguments{"--format", "json", "--beam", "2"},
        kTranslate + few + Arguments{"--model", "model", "--sample"},
        Arguments{"score", "--model", "model", "--source", "train.fr", "--target", "train.en"}}) {
    INFO(join(arguments));
    const Finished alone = world.run(arguments, lines), both = run_as(2, world, arguments, lines);
    CHECK(both.exit_code == 0);
    CHECK((both.out == alone.out));
  }
  const Arguments evaluate =
      Arguments{"evaluate", "--model", "model", "--source", "train.fr", "--reference", "train.en"} +
      few;
  const auto figures = [](const Finished& finished) {
    const auto lines_out = lines_of(finished.out);
    return Arguments(lines_out.begin(), lines_out.end() - 1);  // the last one is of the time
  };
  CHECK((figures(run_as(2, world, evaluate)) == figures(world.run(evaluate))));
}

TEST_CASE("ranks of mpirun: wrong usage is said once, a rank that differs is named") {
  if (!has_mpi()) return;
  const World world;
  const auto complaints = [](const Finished& finished) {
    Arguments found;
    for (const std::string& line : lines_of(finished.err))
      if (line.starts_with("babelgrad: ")) found.push_back(line);
    return found;
  };
  const Finished wrong = run_as(2, world, train_to("model") + Arguments{"--batch-size", "x"});
  CHECK(wrong.exit_code == 2);
  CHECK(complaints(wrong).size() == 1);
  const Finished missing = run_as(2, world, {"translate", "--model", "none"});
  CHECK(missing.exit_code == 2);
  CHECK((complaints(missing) == Arguments{"babelgrad: none: no such model folder"}));

  // Two ranks with flags of their own.
  const auto differ = [&](const Arguments& of_rank_1, const Arguments& of_rank_0) {
    const std::string program = test::program().string();
    return run(of_rank_1, {.folder = world.path(),
                           .under = kMpirun + Arguments{"-n", "1", program} + of_rank_0 +
                                    Arguments{":", "-n", "1"}});
  };
  const Finished seeds = differ(train_to("model") + Arguments{"--seed", "2"},
                                train_to("model") + Arguments{"--seed", "1"});
  CHECK(seeds.exit_code == 2);
  REQUIRE(complaints(seeds).size() == 1);
  CHECK(complaints(seeds)[0].starts_with("babelgrad: rank 1 ("));
  CHECK(complaints(seeds)[0].find(") was started with --seed 2, rank 0 (") != std::string::npos);
  CHECK(complaints(seeds)[0].ends_with(") with --seed 1"));
  const auto sentence = [&](const Arguments& more) {
    const Arguments found = complaints(differ(train_to("model") + more, train_to("model")));
    return found.size() == 1 ? found[0] : std::to_string(found.size()) + " complaints";
  };
  CHECK(sentence({"--seed", "2"}).find(") was started with --seed 2, rank 0 (") !=
        std::string::npos);
  CHECK(sentence({"--seed", "2"}).ends_with(") without it"));
  CHECK_FALSE(world.has("model"));
}

TEST_CASE("ranks of mpirun: one that dies ends the run, and the last state is good") {
  if (!has_mpi()) return;
  for (const std::size_t rank : {0, 1}) {
    const World world;
    Process training(train_to("model") + Arguments{"--max-updates", "0", "--patience", "0"},
                     world.path(), mpirun(2));
    while (!training.read_line_err(60).starts_with("update 30  validation")) {
    }
    const std::string find = "pgrep -P " + std::to_string(training.id()) + " > '" +
                             (world.path() / "pids").string() + "'";
    CHECK(std::system(find.c_str()) == 0);
    const auto pids = lines_of(world.read("pids"));
    REQUIRE(pids.size() == 2);
    const auto start = std::chrono::steady_clock::now();
    ::kill(static_cast<pid_t>(std::stol(pids[rank])), SIGKILL);
    const Finished finished = training.finish();
    for (const std::string& pid : pids)  // mpirun does not wait for those that it kills
      while (std::filesystem::exists("/proc/" + pid) &&
             std::chrono::steady_clock::now() - start < std::chrono::seconds(10))
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(10));
    CHECK(finished.exit_code != 0);
    CHECK(finished.err.find("rank " + std::to_string(rank)) != std::string::npos);
    const Finished resumed = world.run(kResume + Arguments{"--max-updates", "90"});
    CHECK(resumed.err.starts_with("data: "));
    CHECK(resumed.exit_code == 0);
  }
}

TEST_CASE("a program without MPI that is started as one of several ranks says so once") {
  const World world;
  for (const std::string rank : {"0", "1"}) {
    const std::string script =
        "cp \"$0\" copy; OMPI_COMM_WORLD_SIZE=2 OMPI_COMM_WORLD_LOCAL_RANK=" + rank +
        " ./copy \"$@\"";
    const Finished finished =
        run({"--version"}, {.folder = world.path(), .under = {"sh", "-c", script}});
    CHECK(finished.exit_code == 2);
    CHECK(finished.out == "");
    CHECK(finished.err.starts_with(rank == "0" ? "babelgrad: started as one of 2 ranks, but has "
                                                 "no MPI: "
                                               : ""));
    CHECK(lines_of(finished.err).size() == (rank == "0" ? 1 : 0));
  }
}

}  // namespace
}  // namespace babelgrad::test
