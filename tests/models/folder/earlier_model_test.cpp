// A model folder that an earlier version wrote loads, translates as it did then, and its training
// goes on. earlier_model/ is of the version in which one setting, architecture, was all that there
// was to choose the kind of attention:
//
//   babelgrad train --tsv pairs.tsv --tokenizer words --embedding 10 --encoder-hidden 7 --hidden 14
//     --dropout 0 --valid-size 10 --batch-size 16 --learning-rate 0.02 --warmup 5 --decay-start 100
//     --label-smoothing 0 --average-decay 0.9 --threads 1 --shards 2 --valid-every 100
//     --log-every 100 --max-updates 250 --beam 3 --out earlier_model
#include <doctest/doctest.h>

#include "babelgrad/models/config/config_json.h"
#include "tests/models/training/trainer_helpers.h"

namespace babelgrad {
namespace {

namespace fs = std::filesystem;

const fs::path kEarlier = BABELGRAD_SOURCE_DIR "/tests/models/folder/earlier_model";

// A copy to train in.
class EarlierModel {
 public:
  EarlierModel() { fs::copy(kEarlier, folder_.path() / "model"); }
  fs::path path() const { return folder_.path() / "model"; }

  Config config() const {
    Config config = stored_config(folder_.read("model/config.json"), "config.json");
    config.data.tsv = {(path() / "pairs.tsv").string()};
    return config;
  }

  // As a version without the key wrote them.
  void remove_from_config(const std::string& key) const {
    folder_.write("model/config.json", without(key, folder_.read("model/config.json")));
  }
  void remove_from_metadata(const std::string& key) const {
    for (const char* name : {"model.safetensors", "training_state.safetensors"}) {
      Safetensors file = Safetensors::read(path() / name);
      file.set_metadata("config", without(key, file.metadata().at("config")));
      file.write(path() / name);
    }
  }

  // Goes on for 20 updates.
  void resume(Recorder& recorder) const {
    Config config = this->config();
    config.training.max_updates = 270;
    const TrainingData data = load_training_data(config, load_codecs(config, path()));
    Translator translator(config, data.codecs);
    Trainer trainer(translator, data, path(), recorder);
    trainer.resume();
    CHECK(trainer.update() == 250);
    CHECK(trainer.run(recorder.interrupt) == StopReason::max_updates);
  }

 private:
  static std::string without(const std::string& key, const std::string& text) {
    auto json = nlohmann::ordered_json::parse(text);
    CHECK(json.erase(key) == 1);
    return json.dump(2) + "\n";
  }

  TemporaryFolder folder_;
};

void check_translations(const fs::path& folder) {
  const Translator translator = Translator::load(folder);
  CHECK(translator.config().search.beam == 3);
  const auto found =
      translator.translate({"a b c", "h g", "c a d e", "b", "g f a b"}, translator.config().search);
  std::vector<std::string> texts;
  for (const auto& translations : found) texts.push_back(translations[0].text);
  CHECK(texts == std::vector<std::string>{"c b a", "g h", "e c a c", "b", "b f a g"});
}

TEST_CASE("earlier model: translates as it did") { check_translations(kEarlier); }

TEST_CASE("earlier model: its training goes on as it would have") {
  const EarlierModel model;
  Recorder recorder;
  model.resume(recorder);
  REQUIRE(recorder.validations.size() == 1);
  CHECK(std::abs(recorder.validations[0].result.loss - 0.409663) < 1e-4);
  const Metrics metrics = read_metrics(model.path() / kMetricsFile);
  CHECK(metrics.validations.size() == 3);
  CHECK(metrics.validations.back().update == 270);
  CHECK_FALSE(metrics.validations[0].text.has_value());
  CHECK(metrics.validations.back().text.has_value());
  check_translations(model.path());  // update 200 is still the best
}

TEST_CASE("earlier model: a key that only a later version writes has its default") {
  const EarlierModel model;
  for (const char* key : {"momentum", "beam"}) {
    model.remove_from_config(key);
    model.remove_from_metadata(key);
  }
  model.remove_from_metadata("lowercase");  // config.json was written anew by the later version
  CHECK(Translator::load(model.path()).config().search.beam == SearchConfig{}.beam);
  Recorder recorder;
  model.resume(recorder);
  CHECK(recorder.validations.size() == 1);
  model.remove_from_metadata("hidden");
  CHECK(message_of<CheckpointError>([&] { Translator::load(model.path()); }) ==
        (model.path() / "config.json").string() +
            ": hidden is 14, but model.safetensors has 512; one of them is damaged or from another "
            "model");
  CHECK(message_of<CheckpointError>([&] { model.resume(recorder); }) ==
        (model.path() / "training_state.safetensors").string() +
            ": config.json is not the one that this training began with: hidden is 14, was 512");
}

}  // namespace
}  // namespace babelgrad
