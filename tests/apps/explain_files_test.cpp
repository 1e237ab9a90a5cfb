// The explain command: bad input is refused by name, and where its page may be written.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "tests/apps/error_table.h"

namespace babelgrad::test {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

TEST_CASE("bad input to explain") {
  const World world;
  world.add_model();
  world.write("file", "x");
  const auto explain = [](const Arguments& more) {
    return Arguments{"explain", "--model", "model", "-o", "page.html"} + more;
  };
  check_refused(
      world,
      {{explain({}), "sentence is required; see babelgrad explain --help"},
       {{"explain", "je vois", "-o", "page.html"},
        "--model is required; see babelgrad explain --help"},
       {{"explain", "--model", "model", "je vois"},
        "--out is required; see babelgrad explain --help"},
       {explain({"je vois", "--model", "missing"}), "missing: no such model folder"},
       {explain({"je vois", "--model", "file"}), "file: is a file, not a model folder"},
       {explain({""}), "the sentence has no words"},
       {explain({" \n "}), "the sentence has no words"},
       {explain({"caf\xc3"}), "sentence:1: invalid UTF-8 at byte 4"},
       {explain({repeat("je ", 101)}), "the sentence has 101 tokens; at most 100 can be explained"},
       {explain({"je vois", "--beam", "0"}), "command line: beam is 0; need 1 to 1000"},
       {explain({"je vois", "-o", "missing/page.html"}),
        "missing/page.html: cannot be written (No such file or directory)"}});
}

TEST_CASE("no page replaces a file of a model") {
  const World world;
  REQUIRE(world.run(train_to("model") + Arguments{"--snapshots", "3"}).exit_code == 0);
  fs::create_symlink("model/config.json", world.path() / "link.html");
  const std::string end = ": is a file of a model; give another name";
  for (const std::string file :
       {"model/config.json", "model/../model/model.safetensors", "model/source.vocab",
        "model/source.spm", "model/training_state.safetensors", "model/metrics.jsonl",
        "model/snapshots/000000010.safetensors", "link.html"})
    check_refused(
        world, {{{"explain", "--model", "model", "je vois", "-o", file}, file + end},
                {{"report", "--model", "model", "-o", file}, file + end},
                {{"inspect", "--model", "model", "--source", "je", "--target", "i", "--html", file},
                 file + end}});
  CHECK(world.run({"explain", "--model", "model", "je vois", "-o", "model/page.html"}).exit_code ==
        0);
}

TEST_CASE("explain: a page for standard output, and one behind a link") {
  const World world;
  world.add_model();
  const Arguments explain{"explain", "--model", "model", "je vois", "-o"};
  const Finished out = world.run(explain + Arguments{"-"});
  CHECK(out.exit_code == 0);
  CHECK(!world.has("-"));
  world.write("page.html", "x");
  fs::create_symlink("page.html", world.path() / "link.html");
  CHECK(world.run(explain + Arguments{"link.html"}).exit_code == 0);
  CHECK(fs::is_symlink(world.path() / "link.html"));
  CHECK(world.read("page.html") == out.out);
}

TEST_CASE("explain: models of one name are told apart") {
  const World world;
  fs::create_directories(world.path() / "x");
  fs::create_directories(world.path() / "y");
  for (const std::string folder : {"x/model", "y/model"}) world.add_model(folder);
  const auto names = [&](const Arguments& folders) {
    Arguments explain{"explain", "je vois", "-o", "e.json", "--json"};
    for (const std::string& folder : folders) explain = explain + Arguments{"--model", folder};
    REQUIRE(world.run(explain).exit_code == 0);
    const Json document = Json::parse(world.read("e.json"));
    Arguments found;
    for (const Json& model : document["models"]) found.push_back(model["name"]);
    return found;
  };
  CHECK(names({"x/model", "x/model"}) == Arguments{"model", "model (2)"});
  CHECK(names({"x/model", "y/model"}) == Arguments{"x/model", "y/model"});
  CHECK(names({"x/model", "y/model", "x/model"}) == Arguments{"x/model", "y/model", "x/model (2)"});
}

TEST_CASE("explain: a damaged snapshot is named") {
  const World world;
  REQUIRE(world.run(train_to("model") + Arguments{"--snapshots", "3"}).exit_code == 0);
  const std::string name = "model/snapshots/000000010.safetensors";
  world.write(name, world.read(name) + "x");
  check_refused(world, {{"explain", "--model", "model", "je vois", "-o", "page.html"},
                        name + ": damaged: 1 bytes after the arrays"});
}

}  // namespace
}  // namespace babelgrad::test
