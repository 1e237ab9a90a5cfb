// What a training leaves behind, and what it depends on.
#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "babelgrad/autograd/kernels/bfloat16.h"
#include "tests/apps/world.h"

namespace babelgrad::test {
namespace {

using Json = nlohmann::json;

// The keys that the flags of `train --help` stand for.
std::vector<std::string> keys_of_help(const std::string& help) {
  std::vector<std::string> keys;
  bool of_config = false;  // past the group of --out, --config, --resume
  for (const std::string& line : lines_of(help)) {
    of_config = of_config || line == "Data:";
    if (!of_config || !line.starts_with("  --")) continue;
    std::string key = line.substr(4, line.find_first_of(" ,", 4) - 4);
    std::replace(key.begin(), key.end(), '-', '_');
    keys.push_back(key);
  }
  return keys;
}

TEST_CASE("results go to stdout, progress to stderr") {
  const World world;
  const Finished training = world.run(train_to("model"));
  CHECK(training.exit_code == 0);
  CHECK(training.out == "model\n");
  const auto lines = lines_of(training.err);
  REQUIRE(lines.size() >= 5);
  CHECK(
      lines[0].starts_with("data: 280 training pairs, 20 validation pairs held out; vocabulary "));
  CHECK(lines[1].starts_with("model: "));
  CHECK(training.err.find("update 30  validation: loss ") != std::string::npos);
  CHECK(training.err.find("best, saved") != std::string::npos);
  CHECK(lines.back() == "stopped after update 60: max_updates reached");
  const Finished epoch = world.run(train_to("epoch") + Arguments{"--max-epochs", "1"});
  CHECK(lines_of(epoch.err).back() == "stopped after update 18: max_epochs reached");
}

TEST_CASE("--guided-alignment teaches attention what the file says") {
  const World world;
  std::string links;
  for (int i = 0; i < 300; ++i) links += "1-0 1-1 1-2\n";  // all words look at the verb
  world.write("verb.align", links);
  const auto links_to_verb = [&](const std::string& model) {
    const Finished aligned = world.run({"translate", "--model", model, "--alignments", "pharaoh"},
                                       "je vois le chat\ntu aime la rue\n");
    CAPTURE(aligned.err);
    REQUIRE(aligned.exit_code == 0);
    std::size_t found = 0;
    for (const char* link : {"1-0", "1-1", "1-2"}) found += occurrences(aligned.out, link);
    return found;
  };
  REQUIRE(
      world
          .run(train_to("guided") + Arguments{"--guided-alignment", "verb.align",
                                              "--alignment-weight", "1", "--max-updates", "200"})
          .exit_code == 0);
  CHECK(links_to_verb("guided") == 6);
  REQUIRE(world
              .run(train_to("not") + Arguments{"--guided-alignment", "verb.align",
                                               "--alignment-weight", "0", "--max-updates", "200"})
              .exit_code == 0);
  CHECK(links_to_verb("not") < 6);
}

TEST_CASE("--profile ends with a table of ops, whose shares add up, and changes no result") {
  const World world;
  const Arguments two_threads{"--threads", "2", "--shards", "2"};
  const Finished plain = world.run(train_to("plain") + two_threads);
  const Finished training = world.run(train_to("model") + two_threads + Arguments{"--profile"});
  CHECK(training.exit_code == 0);
  CHECK(training.out == "model\n");
  CHECK(plain.err.find("profile") == std::string::npos);
  CHECK((world.read("model/model.safetensors") == world.read("plain/model.safetensors")));
  const auto lines = lines_of(training.err);
  const auto header =
      std::find(lines.begin(), lines.end(), "profile of the updates, times summed over threads:");
  REQUIRE(header != lines.end());
  double share = 0;
  std::vector<std::string> names;
  for (auto line = header + 2; line + 1 < lines.end(); ++line) {
    names.push_back(line->substr(0, line->find("  ")));
    if (line->ends_with("%")) share += std::stod(line->substr(line->rfind(' ')));
  }
  for (const char* name : {"gru", "linear_cross_entropy", "embedding", "outside ops", "batches",
                           "gradient sum", "optimizer", "waiting", "other"})
    CHECK_MESSAGE(std::find(names.begin(), names.end(), name) != names.end(), name);
  CHECK(share > 98);
  CHECK(share < 102);
  CHECK(lines.back().find(" = 2 threads for ") != std::string::npos);
}

TEST_CASE("config.json holds every key with the value that was in force") {
  const World world;
  world.add_model();
  const Json config = Json::parse(world.read("model/config.json"));
  auto keys = keys_of_help(world.run({"train", "--help"}).out);
  CHECK(keys.size() > 40);
  std::erase_if(keys, [](const std::string& key) {  // each stands for keys of their own
    return key == "tokenizer" || key == "vocab_size" || key == "layers" || key == "dropout";
  });
  for (const std::string& key : keys) CHECK_MESSAGE(config.contains(key), key);
  for (const char* key : {"format", "source_vocabulary", "target_vocabulary"})
    CHECK_MESSAGE(config.contains(key), key);
  CHECK(config.size() == keys.size() + 3);
  CHECK(config.at("format") == 1);
  CHECK(config.at("source") == "train.fr");
  CHECK(config.at("source_tokenizer") == "words");
  CHECK(config.at("hidden") == 16);
  CHECK(config.at("embedding_dropout") == 0.1);
  CHECK(config.at("threads") == 1);
  CHECK(config.at("shards") == 2);
  CHECK(config.at("source_vocabulary") > 20);
}

TEST_CASE("flags override the configuration file, which overrides the defaults") {
  const World world;
  world.add_model();
  world.write("c.json", R"({"source": "train.fr", "target": "train.en", "tokenizer": "chars",
    "embedding": 8, "encoder_hidden": 8, "hidden": 8, "attention_size": 8, "max_updates": 2,
    "lowercase": true, "shards": 4, "beam": 2})");
  const Finished training =
      world.run({"train", "--config", "c.json", "--out", "new", "--hidden", "12", "--no-lowercase",
                 "--max-updates", "9", "--max-updates", "3"});
  CHECK(training.exit_code == 0);
  const Json config = Json::parse(world.read("new/config.json"));
  CHECK(config.at("source_tokenizer") == "chars");
  CHECK(config.at("target_tokenizer") == "chars");
  CHECK(config.at("hidden") == 12);
  CHECK(config.at("lowercase") == false);
  CHECK(config.at("max_updates") == 3);  // the last one counts
  CHECK(config.at("shards") == 4);
  CHECK(config.at("beam") == 2);
  CHECK(config.at("warmup") == 500);
}

TEST_CASE("a model's own config.json repeats its training") {
  const World world;
  world.add_model();
  const Finished training = world.run({"train", "--config", "model/config.json", "--out", "again"});
  CHECK(training.exit_code == 0);
  CHECK(world.read("again/config.json") == world.read("model/config.json"));
  CHECK(world.read("again/model.safetensors") == world.read("model/model.safetensors"));
}

TEST_CASE("with the shards fixed, threads change nothing") {
  const World world;
  world.add_model();
  const Finished training = world.run(train_to("two") + Arguments{"--threads", "2"});
  CHECK(training.exit_code == 0);
  CHECK(world.read("two/model.safetensors") == world.read("model/model.safetensors"));
  const std::string text = world.read("train.fr");
  CHECK(world.run({"translate", "--model", "two", "--threads", "2", "--search-batch", "16"}, text)
            .out == world.run({"translate", "--model", "model", "--threads", "1"}, text).out);
}

TEST_CASE("--precision: auto is settled for the machine; bfloat16 trains another model as well") {
  const World world;
  world.add_model();
  const Finished machine = world.run(train_to("machine") + Arguments{"--precision", "auto"});
  REQUIRE(machine.exit_code == 0);
  const std::string settled = Json::parse(world.read("machine/config.json")).at("precision");
  CHECK(settled == (bfloat16::kernels().is_faster ? "bfloat16" : "float32"));
  CHECK(machine.err.find(", products in " + settled + " (") != std::string::npos);
  REQUIRE(world.run(train_to("rounded") + Arguments{"--precision", "bfloat16"}).exit_code == 0);
  CHECK((world.read("rounded/model.safetensors") == world.read("machine/model.safetensors")) ==
        (settled == "bfloat16"));
  CHECK(world.read("rounded/model.safetensors") != world.read("model/model.safetensors"));
  const std::string text = world.read("train.fr");
  CHECK(world.run({"translate", "--model", "rounded"}, text).exit_code == 0);
  for (const char* folder : {"model", "rounded"})  // auto is what the folder has
    CHECK(world
              .run({"train", "--resume", "--out", folder, "--precision", "auto", "--max-updates",
                    "61"})
              .exit_code == 0);
}

TEST_CASE("another seed gives another model") {
  const World world;
  world.add_model();
  CHECK(world.run(train_to("seed") + Arguments{"--seed", "2"}).exit_code == 0);
  CHECK(world.read("seed/model.safetensors") != world.read("model/model.safetensors"));
}

TEST_CASE("stopping and resuming changes nothing") {
  const World world;
  world.add_model();
  CHECK(world.run(train_to("parts") + Arguments{"--max-updates", "41"}).exit_code == 0);
  const Finished resumed =
      world.run({"train", "--resume", "--out", "parts", "--max-updates", "60"});
  CHECK(resumed.exit_code == 0);
  CHECK(resumed.err.find("resuming after update 41\n") != std::string::npos);
  CHECK(world.read("parts/model.safetensors") == world.read("model/model.safetensors"));
  CHECK(world.read("parts/config.json") == world.read("model/config.json"));
}

TEST_CASE("a preset takes the place of the structure in --config, and flags override it") {
  const World world;
  world.write("my.json", R"({"score": "dot", "readout": "linear", "hidden": 12})");
  const Arguments train = train_to("m") + Arguments{"--config", "my.json", "--max-updates", "1"};
  REQUIRE(world.run(train + Arguments{"--preset", "bahdanau2014", "--cell", "lstm"}).exit_code ==
          0);
  const auto config = Json::parse(world.read("m/config.json"));
  CHECK(config["score"] == "additive");
  CHECK(config["readout"] == "maxout");
  CHECK(config["cell"] == "lstm");
}

TEST_CASE("each tokenizer and preset trains and translates, from TSV too") {
  const World world;
  std::string tsv;
  const auto source = lines_of(world.read("train.fr")), target = lines_of(world.read("train.en"));
  for (std::size_t i = 0; i < source.size(); ++i) tsv += source[i] + "\t" + target[i] + "\n";
  world.write("pairs.tsv", tsv);
  const std::vector<Arguments> rows{
      {"--tokenizer", "words", "--word-split", "unicode"},
      {"--tokenizer", "chars"},
      {"--tokenizer", "bpe", "--vocab-size", "60"},
      {"--tokenizer", "unigram", "--vocab-size", "40", "--no-joint-vocabulary"},
      {"--source-tokenizer", "chars", "--target-tokenizer", "words", "--target-vocab-size", "20"},
      {"--preset", "bahdanau2014"},
      {"--preset", "cho2014"},
      {"--preset", "luong2015"},
      {"--preset", "article", "--score", "additive"},
      {"--max-minutes", "0.003"},
      {"--max-epochs", "1", "--batch-by-tokens", "--batch-size", "100"}};
  for (const Arguments& row : rows) {
    CAPTURE(join(row));
    const Finished training =
        world.run(Arguments{"train", "--tsv", "pairs.tsv", "--out", "m", "--overwrite"} + kSmall +
                  Arguments{"--max-updates", "5"} + row);
    CHECK(training.exit_code == 0);
    const Finished translated = world.run({"translate", "--model", "m"}, "je vois\ntu veux\n");
    CHECK(translated.exit_code == 0);
    CHECK(lines_of(translated.out).size() == 2);
  }
}

}  // namespace
}  // namespace babelgrad::test
