#include "tests/apps/world.h"

#include <stdexcept>

namespace babelgrad::test {
namespace {

using WordPairs = std::vector<std::pair<std::string, std::string>>;

const WordPairs kSubjects{
    {"je", "i"}, {"tu", "you"}, {"il", "he"}, {"elle", "she"}, {"nous", "we"}};
const WordPairs kVerbs{{"vois", "see"},  {"veux", "want"}, {"vends", "sell"},
                       {"aime", "like"}, {"lave", "wash"}, {"perds", "lose"}};
const WordPairs kObjects{
    {"le chat", "the cat"},       {"un étudiant", "a student"}, {"la maison", "the house"},
    {"une clé", "a key"},         {"l' été", "the summer"},     {"du thé", "tea"},
    {"cette île", "this island"}, {"deux œufs", "two eggs"},    {"le pain noir", "the black bread"},
    {"la rue", "the street"}};

// The model that all tests share.
struct Trained {
  Trained() {
    const Finished training = world.run(train_to("model"));
    if (training.exit_code != 0) throw std::runtime_error("training failed: " + training.err);
  }
  World world;
};

}  // namespace

const Arguments kSmall{"--tokenizer",     "words", "--embedding",  "16",  "--encoder-hidden", "16",
                       "--hidden",        "16",    "--dropout",    "0.1", "--warmup",         "10",
                       "--learning-rate", "0.01",  "--batch-size", "16",  "--valid-every",    "30",
                       "--valid-size",    "20",    "--threads",    "1",   "--shards",         "2"};

Arguments operator+(Arguments a, const Arguments& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

Arguments train_to(const std::string& out) {
  return Arguments{"train", "--source", "train.fr",      "--target", "train.en",
                   "--out", out,        "--max-updates", "60"} +
         kSmall;
}

const World& trained_world() {
  static const World shared;
  if (!shared.has("model")) shared.add_model();
  return shared;
}

std::string join(const Arguments& arguments) {
  std::string line = "babelgrad";
  for (const std::string& argument : arguments)
    line += " " + (argument.size() > 60 ? argument.substr(0, 60) + "..." : argument);
  return line;
}

World::World() {
  std::string source, target;
  for (const auto& [subject, i] : kSubjects)
    for (const auto& [verb, see] : kVerbs)
      for (const auto& [object, cat] : kObjects) {
        source += subject + " " + verb + " " + object + "\n";
        target += i + " " + see + " " + cat + "\n";
      }
  write("train.fr", source);
  write("train.en", target);
}

Finished World::run(const Arguments& arguments, const std::string& input) const {
  RunOptions options;
  options.folder = path();
  options.input = input;
  return test::run(arguments, options);
}

void World::add_model(const std::string& name) const {
  static const Trained trained;  // when the first test asks
  std::filesystem::copy(trained.world.path() / "model", path() / name);
}

}  // namespace babelgrad::test
