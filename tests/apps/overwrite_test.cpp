// `train --overwrite` under strace, which kills it before, or fails, each of its file operations:
// the old model or the new one is whole, and --resume goes on with the one that is.
#include <doctest/doctest.h>

#include <csignal>
#include <map>
#include <regex>

#include "babelgrad/models/folder/model_folder.h"
#include "babelgrad/models/folder/translator.h"
#include "tests/apps/world.h"

namespace babelgrad::test {
namespace {

namespace fs = std::filesystem;

const std::string kOperations = "openat,write,fsync,rename,unlink,unlinkat,mkdir,rmdir,link,linkat";

const Arguments kOld{"--tokenizer",   "bpe", "--vocab-size",  "60", "--snapshots", "2",
                     "--max-updates", "12",  "--valid-every", "6",  "--metric",    "loss"};
// Its first snapshot comes before its first validation, and so a state before a model.
const Arguments kNew{"--overwrite", "--seed",        "2",  "--snapshots", "2",   "--max-updates",
                     "11",          "--valid-every", "11", "--metric",    "loss"};
const Arguments kGoOn = kResume + Arguments{"--max-updates", "14"};

struct Operation {
  std::string name;
  std::size_t number;  // among those of this name, from 1
  std::string line;    // as strace prints it
};

// strace with this fault (as "signal=KILL" or "error=EIO") at the operation; none: it only watches.
Finished run_traced(const World& world, const Operation* at = nullptr,
                    const std::string& fault = "") {
  // The sanitizers cannot look for leaks in a program that is traced.
  const Arguments no_leaks{"-E", "ASAN_OPTIONS=detect_leaks=0"};
  Arguments strace{"strace", "-f", "-qq", "-o", "trace", "-e", "trace=" + kOperations};
  strace = strace + no_leaks;
  if (at)
    strace = strace + Arguments{"-e", "inject=" + at->name + ":" + fault +
                                          ":when=" + std::to_string(at->number)};
  return run(train_to("model") + kNew, {.folder = world.path(), .under = strace});
}

// The operations of a training from the first on that changes the folder.
std::vector<Operation> operations_of(const World& world) {
  REQUIRE(run_traced(world).exit_code == 0);
  std::map<std::string, std::size_t> counts;
  std::vector<Operation> operations;
  const std::regex pattern(R"(^\d+ +(\w+)\()");
  bool begun = false;
  for (const std::string& line : lines_of(world.read("trace"))) {
    std::smatch match;
    if (!std::regex_search(line, match, pattern)) continue;
    const std::size_t number = ++counts[match[1]];
    begun = begun || (match[1] == "mkdir" && line.find("\"model/") != std::string::npos) ||
            match[1] == "unlink";
    if (begun) operations.push_back({match[1], number, line});
  }
  return operations;
}

// An old model and a new one, and what becomes of each when it is resumed.
class Overwriting {
 public:
  Overwriting() {
    for (const char* name : {"old", "new"}) {
      const bool is_new = std::string(name) == "new";
      renew();
      if (is_new) REQUIRE(world_.run(train_to("model") + kNew).exit_code == 0);
      stages_[name] = model();
      REQUIRE(world_.run(kGoOn).exit_code == 0);
      stages_[std::string(name) + ", resumed"] = model();
      files_[name] = names();
    }
    renew();
  }

  const World& world() const { return world_; }

  void renew() {  // the old model stands in the folder
    fs::remove_all(world_.path() / "model");
    if (!world_.has("former")) {
      REQUIRE(world_.run(train_to("former") + kOld).exit_code == 0);
    }
    fs::copy(world_.path() / "former", world_.path() / "model", fs::copy_options::recursive);
  }

  // Either model is whole: which one?
  std::string check_whole() {
    CHECK_NOTHROW(Translator::load(world_.path() / "model"));
    const std::string found = stage();
    CHECK((found == "old" || found == "new"));
    seen_[found]++;
    return found;
  }
  // And resuming goes on with it, and leaves nothing else behind.
  void check_resumed(const std::string& found) {
    const Finished resumed = world_.run(kGoOn);
    CAPTURE(resumed.err);
    CHECK(resumed.exit_code == 0);
    CHECK(stage() == found + ", resumed");
    CHECK(names() == files_[found]);
  }
  std::size_t seen(const std::string& stage) { return seen_[stage]; }

 private:
  std::string model() const {
    const std::string incoming = std::string("model/") + kIncoming;
    return world_.read((world_.has(incoming) ? incoming : "model") + "/model.safetensors");
  }
  std::string stage() const {
    for (const auto& [name, bytes] : stages_)
      if (bytes == model()) return name;
    return "another model";
  }
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const auto& [name, bytes] : world_.snapshot())
      if (name.starts_with("model/")) all.push_back(name);
    return all;
  }

  World world_;
  std::map<std::string, std::string> stages_;  // model.safetensors
  std::map<std::string, std::vector<std::string>> files_;
  std::map<std::string, std::size_t> seen_;
};

TEST_CASE("--overwrite: killed at any file operation, or failed by it, one model is whole") {
  Overwriting overwriting;
  const std::vector<Operation> operations = operations_of(overwriting.world());
  CHECK(operations.size() > 80);
  std::size_t next = 0;
  for (const Operation& operation : operations) {
    CAPTURE(operation.line);
    overwriting.renew();
    CHECK(run_traced(overwriting.world(), &operation, "signal=KILL").exit_code == 128 + SIGKILL);
    overwriting.check_resumed(overwriting.check_whole());
    overwriting.renew();
    const Finished failed =
        run_traced(overwriting.world(), &operation, next++ % 2 == 0 ? "error=EIO" : "error=ENOSPC");
    CAPTURE(failed.err);
    CHECK(failed.exit_code <= 2);
    overwriting.check_whole();
  }
  CHECK(overwriting.seen("old") > 50);
  CHECK(overwriting.seen("new") > 50);
}

}  // namespace
}  // namespace babelgrad::test
