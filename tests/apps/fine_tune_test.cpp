// train --from, several training files, and average.
#include <nlohmann/json.hpp>

#include "babelgrad/models/folder/average.h"
#include "babelgrad/models/folder/model_folder.h"
#include "babelgrad/models/folder/snapshots.h"
#include "tests/apps/error_table.h"

namespace babelgrad::test {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

// The shared model and other data: its pairs of one subject, with another word for it.
class Tuned : public World {
 public:
  Tuned() {
    add_model();
    std::string source, target;
    const auto fr = lines_of(read("train.fr")), en = lines_of(read("train.en"));
    for (std::size_t i = 0; i < fr.size(); i += 3) {
      source += fr[i] + "\n";
      target += "you" + en[i].substr(en[i].find(' ')) + "\n";
    }
    write("new.fr", source);
    write("new.en", target);
  }
};

Arguments tune_to(const std::string& out, const std::string& updates) {
  return {"train",    "--from",        "model", "--source",       "new.fr",   "--target",
          "new.en",   "--out",         out,     "--valid-source", "train.fr", "--valid-target",
          "train.en", "--max-updates", updates, "--valid-every",  "10",       "--batch-size",
          "16",       "--threads",     "1",     "--shards",       "2",        "--metric",
          "loss",     "--warmup",      "0"};
}

std::vector<Json> validations(const World& world, const std::string& folder) {
  std::vector<Json> rows;
  for (const std::string& line : lines_of(world.read(folder + "/metrics.jsonl"))) {
    const Json row = Json::parse(line);
    if (row.contains("valid_loss")) rows.push_back(row);
  }
  return rows;
}

TEST_CASE("--from begins with the old model's quality, words and structure") {
  const Tuned world;
  const Arguments once{"--valid-every", "30"};
  const Finished tuned = world.run(tune_to("tuned", "30") + once);
  CAPTURE(tuned.err);
  REQUIRE(tuned.exit_code == 0);
  CHECK(tuned.err.find("update 0  validation: loss ") != std::string::npos);
  const Json config = Json::parse(world.read("tuned/config.json"));
  CHECK(config.at("hidden") == 16);
  CHECK(config.at("source_tokenizer") == "words");
  CHECK(config.at("source") == "new.fr");
  CHECK(config.at("learning_rate") == 0.001);  // of a new training
  CHECK(world.read("tuned/source.vocab") == world.read("model/source.vocab"));
  const auto rows = validations(world, "tuned");
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].at("update") == 0);
  const Json evaluated =
      Json::parse(world
                      .run({"evaluate", "--model", "model", "--source", "train.fr", "--reference",
                            "train.en", "--json", "--beam", "1"})
                      .out);
  CHECK(std::abs(rows[0].at("valid_perplexity").get<double>() /
                     evaluated.at("perplexity").get<double>() -
                 1) < 1e-5);
  CHECK(std::abs(rows[0].at("valid_bleu").get<double>() - evaluated.at("bleu_13a").get<double>()) <
        1e-4);
  // Its data teach it another word, so the first model is the best by the old data's loss ...
  CHECK(rows[0].at("best") == true);
  CHECK(rows[1].at("best") == false);
  const std::string text = world.read("train.fr");
  CHECK(world.run({"translate", "--model", "tuned"}, text).out ==
        world.run({"translate", "--model", "model"}, text).out);
  // ... and by the new data's the last.
  const Finished other = world.run(
      tune_to("other", "30") + Arguments{"--valid-source", "new.fr", "--valid-target", "new.en"});
  CHECK(other.exit_code == 0);
  CHECK(validations(world, "other").back().at("best") == true);
  CHECK(world.run({"report", "--model", "other", "--out", "r.html"}).exit_code == 0);
}

TEST_CASE("--from: stopping and resuming changes nothing") {
  const Tuned world;
  const Arguments valid{"--valid-source", "new.fr", "--valid-target", "new.en"};
  REQUIRE(world.run(tune_to("whole", "25") + valid).exit_code == 0);
  for (const std::string first : {"7", "10", "20"}) {
    CAPTURE(first);
    REQUIRE(world.run(tune_to("parts", first) + valid + Arguments{"--overwrite"}).exit_code == 0);
    REQUIRE(world.run({"train", "--resume", "--out", "parts", "--max-updates", "25"}).exit_code ==
            0);
    CHECK(world.read("parts/model.safetensors") == world.read("whole/model.safetensors"));
    CHECK(world.read("parts/config.json") == world.read("whole/config.json"));
  }
  // A model may be tuned in its own folder.
  REQUIRE(world.run(tune_to("model", "25") + valid + Arguments{"--overwrite"}).exit_code == 0);
  CHECK(world.read("model/model.safetensors") == world.read("whole/model.safetensors"));
}

TEST_CASE("--from: what contradicts the model") {
  const Tuned world;
  const auto with = [](const Arguments& more) { return tune_to("new", "5") + more; };
  const auto stays = [](const std::string& difference) {
    return "command line: " + difference + "; it cannot change with --from";
  };
  check_refused(
      world,
      {{with({"--hidden", "32"}), stays("hidden is 32, but the model in model has 16")},
       {with({"--preset", "cho2014"}),
        stays("attention is \"none\", but the model in model has \"global\"")},
       {with({"--tokenizer", "bpe"}),
        stays("source_tokenizer is \"bpe\", but the model in model has \"words\"")},
       {with({"--vocab-size", "50"}),
        stays("source_vocab_size is 50, but the model in model has 0")},
       {with({"--lowercase"}), stays("lowercase is true, but the model in model has false")},
       {with({"--from", "none"}), "none: no such model folder"},
       {{"train", "--from", "model", "--out", "new"},
        "config: need training data: source and target, or source_features and target, or tsv"}});
  CHECK(world.run(with({"--dropout", "0", "--hidden", "16", "--beam", "2"})).exit_code == 0);
}

TEST_CASE("several training files are one corpus") {
  const World world;
  world.add_model();
  const auto fr = lines_of(world.read("train.fr")), en = lines_of(world.read("train.en"));
  std::string parts[2][3];
  for (std::size_t i = 0; i < fr.size(); ++i) {
    auto& part = parts[i < 100 ? 0 : 1];
    part[0] += fr[i] + "\n";
    part[1] += en[i] + "\n";
    part[2] += fr[i] + "\t" + en[i] + "\n";
  }
  for (int i = 0; i < 2; ++i) {
    const std::string name = std::to_string(i);
    world.write(name + ".fr", parts[i][0]);
    world.write(name + ".en", parts[i][1]);
    world.write(name + ".tsv", parts[i][2]);
  }
  const std::vector<Arguments> rows{
      {"--source", "0.fr", "--target", "0.en", "--source", "1.fr", "--target", "1.en"},
      {"--tsv", "0.tsv", "--tsv", "1.tsv"}};
  for (const Arguments& row : rows) {
    const Finished training = world.run(
        Arguments{"train", "--out", "m", "--overwrite", "--max-updates", "31"} + kSmall + row);
    CAPTURE(training.err);
    REQUIRE(training.exit_code == 0);
    REQUIRE(world.run({"train", "--resume", "--out", "m", "--max-updates", "60"}).exit_code == 0);
    CHECK(world.read("m/model.safetensors") == world.read("model/model.safetensors"));
    CHECK(world
              .run({"train", "--config", "m/config.json", "--out", "again", "--overwrite",
                    "--max-updates", "60"})
              .exit_code == 0);
    CHECK(world.read("again/config.json") == world.read("m/config.json"));
  }
  CHECK(Json::parse(world.read("m/config.json")).at("tsv") == Json{"0.tsv", "1.tsv"});
  CHECK(Json::parse(world.read("model/config.json")).at("source") == "train.fr");
  CHECK(world.run({"report", "--model", "m", "--out", "r.html"}).exit_code == 0);
  world.write("short.en", "a\n");
  check_refused(world, {Arguments{"train", "--out", "new", "--source", "0.fr", "--target", "0.en",
                                  "--source", "1.fr", "--target", "short.en"},
                        "1.fr has 200 lines, but short.en has 1; they must match line by line"});
}

TEST_CASE("average: the mean of the parameters, in a folder that loads") {
  const World world;
  REQUIRE(world
              .run(train_to("model") +
                   Arguments{"--snapshots", "3", "--keep-best", "2", "--valid-every", "20"})
              .exit_code == 0);
  REQUIRE(world.run(train_to("other") + Arguments{"--learning-rate", "0.02"}).exit_code == 0);
  const auto names = [&] {
    Arguments all;
    for (const Snapshot& snapshot : list_snapshots(world.path() / "model"))
      all.push_back("model/snapshots/" + snapshot.file.filename().string());
    return all;
  }();
  REQUIRE(names.size() >= 2);
  const Finished averaged =
      world.run(Arguments{"average", "--out", "mean", "model", "other"} + names);
  CHECK(averaged.out == "mean\n");
  CHECK(averaged.exit_code == 0);
  std::vector<Translator> all;
  for (const char* folder : {"model", "other", "mean"})
    all.push_back(Translator::load(world.path() / folder));
  std::vector<Translator> snapshots;
  for (const Snapshot& snapshot : list_snapshots(world.path() / "model")) {
    snapshots.push_back(Translator::load(world.path() / "model"));
    load_snapshot(snapshot, snapshots.back().model().store());
  }
  const auto& mean = all[2].model().store().parameters();
  for (std::size_t i = 0; i < mean.size(); ++i)
    for (std::size_t k = 0; k < mean[i].size(); ++k) {
      double sum = 0;
      const auto value = [&](const Translator& one) {
        return static_cast<double>(one.model().store().parameters()[i].value().data()[k]);
      };
      sum = value(all[0]) + value(all[1]);
      for (const Translator& one : snapshots) sum += value(one);
      const auto expected = static_cast<float>(sum / static_cast<double>(2 + snapshots.size()));
      if (mean[i].value().data()[k] != expected) FAIL_CHECK(mean[i].name(), " ", k);
    }
  const std::string text = world.read("train.fr");
  CHECK(lines_of(world.run({"translate", "--model", "mean"}, text).out).size() == 300);
  Arguments best{"average", "--out", "best-mean"};
  for (const Snapshot& snapshot : list_snapshots(world.path() / "model", kBestFolder))
    best.push_back("model/best/" + snapshot.file.filename().string());
  CHECK(best.size() == 5);
  CHECK(world.run(best).exit_code == 0);
  CHECK(lines_of(world.run({"translate", "--model", "best-mean"}, text).out).size() == 300);
  check_refused(world, {Arguments{"average", "--out", "model", "--overwrite", best.back()},
                        "--out model is the folder of a training, whose " +
                            best.back().substr(std::string("model/").size()) +
                            " is to be averaged; need another folder"});
  // Of a model with itself it is the model, and takes its place.
  REQUIRE(world.run({"average", "--out", "other", "--overwrite", "model", "model"}).exit_code == 0);
  CHECK(world.read("other/model.safetensors") == world.read("model/model.safetensors"));
  CHECK(!world.has("other/training_state.safetensors"));
  CHECK(!world.has(std::string("other/") + kUnfinished));
  REQUIRE(
      world.run(train_to("tuned") + Arguments{"--from", "other", "--max-updates", "2"}).exit_code ==
      0);
}

TEST_CASE("quantize: a quarter as large, translates in int8, and all else runs on it") {
  const World world;
  world.add_model();
  const Finished quantized = world.run({"quantize", "--model", "model", "--out", "small"});
  CHECK(quantized.err.find(" MB instead of ") != std::string::npos);
  CHECK(quantized.out == "small\n");
  REQUIRE(quantized.exit_code == 0);
  CHECK(world.read("small/model.safetensors").size() <
        world.read("model/model.safetensors").size() / 2);  // its rows are short: scales count
  const std::string text = world.read("train.fr");
  const auto translate = [&](const std::string& model, const std::string& precision) {
    const Finished all =
        world.run({"translate", "--model", model, "--search-precision", precision}, text);
    CHECK(all.err == "");
    return all.out;
  };
  // In int8 both multiply by the same whole numbers; the scales differ in their last bit at most.
  const auto of_small = lines_of(translate("small", "int8")),
             of_model = lines_of(translate("model", "int8"));
  std::size_t same = 0;
  for (std::size_t i = 0; i < of_small.size(); ++i) same += of_small[i] == of_model[i];
  CHECK(same >= 299);
  CHECK(world.run({"translate", "--model", "small"}, text).out == translate("small", "int8"));
  CHECK(lines_of(translate("small", "float32")).size() == 300);
  // A page explains the translation that a search in this precision finds.
  const auto float_lines = lines_of(translate("small", "float32")), lines = lines_of(text);
  const auto explained = [&](const std::string& line, const std::string& precision) {
    REQUIRE(world
                .run({"explain", "--model", "small", "--search-precision", precision, line, "-o",
                      "page.html"})
                .exit_code == 0);
    return world.read("page.html");
  };
  std::size_t differing = 0;
  for (std::size_t i = 0; i < lines.size(); ++i)
    if (of_small[i] != float_lines[i] && ++differing <= 2)
      CHECK(explained(lines[i], "int8") != explained(lines[i], "float32"));
  for (const Arguments& more : std::vector<Arguments>{
           {"inspect", "--model", "small"},
           {"score", "--model", "small", "--source", "train.fr", "--target", "train.en"},
           {"evaluate", "--model", "small", "--source", "train.fr", "--reference", "train.en"},
           {"explain", "--model", "small", "je vois le chat", "-o", "page.html"},
           {"average", "small", "model", "--out", "mean"},
           {"quantize", "--model", "small", "--out", "again"},
           train_to("tuned") + Arguments{"--from", "small", "--max-updates", "2"}})
    CHECK_MESSAGE(world.run(more).exit_code == 0, more[0]);
  check_refused(
      world,
      {{{"quantize", "--model", "model", "--out", "small"},
        "small: exists; give --overwrite to replace the model in it"},
       {{"quantize", "--model", "model", "--out", "model", "--overwrite"},
        "--out model is the model itself; need another folder"},
       {{"quantize", "--model", "none", "--out", "new"}, "none: no such model folder"},
       {{"quantize", "--model", "model"}, "--out is required; see babelgrad quantize --help"}});
}

TEST_CASE("average: what does not go together, and folders in use") {
  const World world;
  world.add_model();
  REQUIRE(
      world.run(train_to("large") + Arguments{"--max-updates", "2", "--hidden", "24"}).exit_code ==
      0);
  world.write("other.en", world.read("train.en") + "i like zebras\n");
  world.write("other.fr", world.read("train.fr") + "je aime zèbres\n");
  const auto train_other = [](const std::string& out, const std::string& side) {
    return Arguments{"train",      "--source",       side + ".fr", "--target",
                     side + ".en", "--out",          out,          "--max-updates",
                     "2",          "--valid-source", "train.fr",   "--valid-target",
                     "train.en"} +
           kSmall;
  };
  REQUIRE(world.run(train_other("words", "other")).exit_code == 0);
  std::string renamed = world.read("train.en");  // as many words, but one is another
  for (std::size_t at = 0; (at = renamed.find("cat", at)) != std::string::npos;)
    renamed.replace(at, 3, "dog");
  world.write("renamed.en", renamed);
  REQUIRE(world
              .run(Arguments{"train", "--source", "train.fr", "--target", "renamed.en", "--out",
                             "renamed", "--max-updates", "2"} +
                   kSmall)
              .exit_code == 0);
  const auto average = [](const Arguments& models) {
    return Arguments{"average", "--out", "new"} + models;
  };
  check_refused(
      world,
      {{average({"model", "large"}),
        "large: hidden is 24, but model has 16; only models of one structure can be averaged"},
       {average({"model", "words"}),
        "words: source_vocabulary is " +
            Json::parse(world.read("words/config.json")).at("source_vocabulary").dump() +
            ", but model has " +
            Json::parse(world.read("model/config.json")).at("source_vocabulary").dump() +
            "; only models of one structure can be averaged"},
       {average({"model", "renamed"}),
        "renamed/target.vocab: other words than those of model; only models of one vocabulary can "
        "be averaged"},
       {average({"model", "none"}), "none: no such model folder"},
       {average({"train.fr"}), "train.fr: is a file, not a model folder"},
       {average({}), "model is required; see babelgrad average --help"},
       {{"average", "model"}, "--out is required; see babelgrad average --help"},
       {{"average", "--out", "model", "model"},
        "model: exists; give --overwrite to replace the model in it"},
       {{"average", "--out", "train.fr", "model"}, "train.fr: is a file, not a folder"}});
}

}  // namespace
}  // namespace babelgrad::test
