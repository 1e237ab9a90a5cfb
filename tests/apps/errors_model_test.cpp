// Damaged model folders: missing, cut off, of another version, or with one byte changed.
#include <algorithm>

#include "babelgrad/models/config/config_json.h"
#include "babelgrad/nn/safetensors.h"
#include "tests/apps/error_table.h"

namespace babelgrad::test {
namespace {

namespace fs = std::filesystem;

const Arguments kModelFiles{"config.json", "model.safetensors", "source.vocab", "target.vocab"};

// How a command fails with the model in its present state.
void check_fails(const World& world, const Arguments& command, const std::string& message) {
  check_refused(world, {command, message, "je vois\n"});
}

void replace_in(const World& world, const std::string& file, const std::string& from,
                const std::string& to) {
  std::string text = world.read(file);
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  world.write(file, text.replace(at, from.size(), to));
}

// The program must refuse the model in one sentence that names the folder.
void check_notices(const World& world, const Arguments& command) {
  const Finished finished = world.run(command, "je vois\n");
  CHECK(finished.exit_code == 2);
  CHECK(finished.out == "");
  CHECK(finished.err.starts_with("babelgrad: model/"));
  CHECK(std::count(finished.err.begin(), finished.err.end(), '\n') == 1);
}

TEST_CASE("a model folder that is none") {
  const World world;
  fs::create_directory(world.path() / "folder");
  const std::vector<std::pair<std::string, std::string>> rows{
      {"missing", "missing: no such model folder"},
      {"train.fr", "train.fr: is a file, not a model folder"},
      {"folder", "folder/config.json: no such file"}};
  for (const auto& [folder, message] : rows)
    check_refused(
        world,
        {{{"translate", "--model", folder}, message},
         {{"inspect", "--model", folder}, message},
         {{"score", "--model", folder, "--source", "train.fr", "--target", "train.en"}, message},
         {{"evaluate", "--model", folder, "--source", "train.fr", "--reference", "train.en"},
          message}});
}

TEST_CASE("a model folder without one of its files") {
  for (const std::string& file : kModelFiles) {
    const World world;
    world.add_model();
    fs::remove(world.path() / "model" / file);
    check_fails(world, kTranslate, "model/" + file + ": no such file");
  }
}

TEST_CASE("translate needs no training state") {
  const World world;
  world.add_model();
  fs::remove(world.path() / "model/training_state.safetensors");
  CHECK(world.run(kTranslate, "je vois le chat\n").exit_code == 0);
}

TEST_CASE("truncated files") {
  for (const std::string& file : kModelFiles) {
    CAPTURE(file);
    const World world;
    world.add_model();
    const std::string whole = world.read("model/" + file);
    for (const std::size_t left :
         {std::size_t{0}, std::size_t{5}, whole.size() / 2, whole.size() - 3}) {
      CAPTURE(left);
      world.write("model/" + file, whole.substr(0, left));
      check_notices(world, kTranslate);
    }
  }
}

TEST_CASE("what is said of a truncated file") {
  const World world;
  world.add_model();
  const std::string whole = world.read("model/model.safetensors");
  world.write("model/model.safetensors", "");
  check_fails(world, kTranslate,
              "model/model.safetensors: truncated: shorter than a safetensors header");
  world.write("model/model.safetensors", whole.substr(0, 200));
  check_fails(world, kTranslate, "model/model.safetensors: truncated: the header is cut off");
  world.write("model/model.safetensors", whole.substr(0, whole.size() - 1));
  const Finished finished = world.run(kTranslate, "");
  CHECK(finished.err.starts_with("babelgrad: model/model.safetensors: truncated: "));
  CHECK(finished.err.find(" bytes of data expected, ") != std::string::npos);
}

TEST_CASE("files of another version or another model") {
  const World world;
  const auto fresh = [&] {
    fs::remove_all(world.path() / "model");
    world.add_model();
  };
  fresh();
  replace_in(world, "model/config.json", "\"format\": 1", "\"format\": 2");
  check_fails(world, kTranslate, "model/config.json: format is 2; this program reads 1");
  fresh();
  replace_in(world, "model/source.vocab", "#babelgrad-vocabulary 1", "#babelgrad-vocabulary 2");
  check_fails(world, kTranslate, "model/source.vocab:1: not a vocabulary file of version 1");
  fresh();
  fs::copy_file(world.path() / "model/source.vocab", world.path() / "model/target.vocab",
                fs::copy_options::overwrite_existing);
  check_fails(world, kTranslate,
              "model: the vocabularies do not have the sizes that config.json says");
  fresh();
  replace_in(world, "model/config.json", "\"encoder_layers\": 1", "\"encoder_layers\": 2");
  check_fails(world, kTranslate,
              "model/config.json: encoder_layers is 2, but model.safetensors has 1; one of them is "
              "damaged or "
              "from another model");
}

// A model from somewhere else must not be able to end the program with a full stack.
TEST_CASE("JSON that is nested without end, in each file of a model") {
  const World world;
  const std::string deep = R"({"hidden": )" + repeat("[", 100000) + repeat("]", 100000) + "}";
  const auto fresh = [&] {
    fs::remove_all(world.path() / "model");
    world.add_model();
  };
  const auto set_metadata = [&](const std::string& file, const std::string& key) {
    Safetensors stored = Safetensors::read(world.path() / file);
    stored.set_metadata(key, deep);
    stored.write(world.path() / file);
  };
  fresh();
  world.write("model/config.json", deep);
  check_fails(world, kTranslate, "model/config.json: nested deeper than 64 levels");
  fresh();
  set_metadata("model/model.safetensors", "config");
  check_fails(world, kTranslate, "model/model.safetensors: nested deeper than 64 levels");
  fresh();
  const std::uint64_t size = deep.size();
  world.write("model/model.safetensors", {reinterpret_cast<const char*>(&size), sizeof size});
  world.write("model/model.safetensors", world.read("model/model.safetensors") + deep);
  check_fails(world, kTranslate, "model/model.safetensors: damaged: the header is not valid");
  fresh();
  set_metadata("model/training_state.safetensors", "training");
  const Finished resumed = world.run({"train", "--resume", "--out", "model"});
  CHECK(resumed.exit_code == 2);
  CHECK(lines_of(resumed.err).back() ==
        "babelgrad: model/training_state.safetensors: not a training state of this program");
  fresh();
  world.write("model/metrics.jsonl", deep + "\n");
  check_refused(world, {{"report", "--model", "model", "--out", "r.html"},
                        "model/metrics.jsonl:1: not a line of training metrics"});
}

// Bytes at about `count` places of each file, one at a time. (The values of config.json that only
// limit a training, and so may change between two runs, are left alone.)
// Whether a configuration differs from another in what anybody may change (identity_of).
bool is_edit(const std::string& before, const std::string& after) {
  try {
    return !identity_difference(stored_config(before, "before"), stored_config(after, "after"));
  } catch (const ConfigError&) {
    return false;
  }
}

TEST_CASE("a changed byte in any file is noticed") {
  constexpr std::size_t kCount = 29;
  for (const std::string& file : kModelFiles) {
    const World world;
    world.add_model();
    const std::string whole = world.read("model/" + file);
    for (std::size_t i = 0; i < kCount; ++i) {
      const std::size_t at = i * whole.size() / kCount;
      std::string changed = whole;
      changed[at] = static_cast<char>(changed[at] ^ 1);
      if (file == "config.json" && is_edit(whole, changed)) continue;
      CAPTURE(file);
      CAPTURE(at);
      world.write("model/" + file, changed);
      check_notices(world, kTranslate);
    }
  }
}

TEST_CASE("a changed byte in a SentencePiece model or in a training state is noticed") {
  const World world;
  Arguments train = train_to("model") + Arguments{"--vocab-size", "60", "--tokenizer", "bpe"};
  REQUIRE(world.run(train).exit_code == 0);
  CHECK(world.has("model/shared.spm"));
  const Arguments resume{"train", "--resume", "--out", "model", "--max-updates", "70"};
  const std::vector<std::pair<std::string, Arguments>> rows{
      {"model/shared.spm", kTranslate},
      {"model/shared.vocab", kTranslate},
      {"model/training_state.safetensors", resume}};
  for (const auto& row : rows) {
    const std::string& file = row.first;
    const std::string whole = world.read(file);
    for (const std::size_t part : {1, 3, 5, 8, 9}) {
      CAPTURE(file);
      CAPTURE(part);
      std::string changed = whole;
      changed[part * whole.size() / 10] ^= 1;
      world.write(file, changed);
      const Finished finished = world.run(row.second, "je vois\n");
      CHECK(finished.exit_code == 2);
      CHECK(finished.err.find("babelgrad: model/") != std::string::npos);
    }
    world.write(file, whole);
  }
  CHECK(world.run(kTranslate, "je vois\n").exit_code == 0);
}

}  // namespace
}  // namespace babelgrad::test
