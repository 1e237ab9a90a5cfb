// What the tests of training share: a small task (reverse the words), a model for it, and runs.
#pragma once

#include <atomic>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "babelgrad/models/training/trainer.h"
#include "babelgrad/nn/random.h"
#include "tests/autograd/helpers.h"
#include "tests/text/helpers.h"

namespace babelgrad {

// A folder with 200 pairs whose target is the source reversed.
class ReverseTask {
 public:
  ReverseTask() {
    Random random(3);
    std::string tsv;
    for (std::size_t i = 0; i < 200; ++i) {
      std::string source, target;
      for (std::size_t n = 1 + random.below(5); n > 0; --n) {
        const std::string word(1, static_cast<char>('a' + random.below(8)));
        source += source.empty() ? word : " " + word;
        target = target.empty() ? word : word + " " + target;
      }
      tsv += source + "\t" + target + "\n";
    }
    folder_.write("pairs.tsv", tsv);
  }

  Config config() const {
    Config c;
    c.data.tsv = {(folder_.path() / "pairs.tsv").string()};
    c.data.source_tokenizer = c.data.target_tokenizer = text::TokenizerKind::words;
    c.data.valid_size = 20;
    c.model.embedding = 8;
    c.model.encoder_hidden = 6;
    c.model.hidden = 12;
    c.model.set_dropout(0.1);
    c.training.threads = 2;
    c.training.batch_size = 16;
    c.training.learning_rate = 0.01;
    c.training.warmup = 5;
    c.training.decay_start = 20;
    c.training.valid_every = 10;
    return c;
  }

 private:
  TemporaryFolder folder_;
};

class Recorder : public TrainingObserver {
 public:
  void on_validation(const ValidationReport& report) override {
    validations.push_back(report);
    if (report.update == interrupt_at) interrupt = true;
  }

  std::vector<ValidationReport> validations;
  std::size_t interrupt_at = 0;  // the validation that raises `interrupt`
  std::atomic<bool> interrupt = false;
};

struct RunResult {
  StopReason reason;
  std::size_t update, best_update;
};

// Trains in `folder` as the command line does, from the beginning or from the state there.
inline RunResult train(Config config, const std::filesystem::path& folder, bool resume,
                       TrainingObserver& observer, const std::atomic<bool>& interrupt,
                       Crew* crew = nullptr) {
  const TrainingData data = load_training_data(config, std::nullopt);
  fit_config(config, data.codecs);
  Translator translator(config, data.codecs);
  Trainer trainer(translator, data, folder, observer, nullptr, crew);
  if (resume) trainer.resume();
  if (resume) translator.save_config(folder);
  const StopReason reason = trainer.run(interrupt);
  return {reason, trainer.update(), trainer.best_update()};
}

inline RunResult train(Config config, const std::filesystem::path& folder, bool resume,
                       Recorder& recorder) {
  return train(std::move(config), folder, resume, recorder, recorder.interrupt);
}

inline RunResult train(Config config, const std::filesystem::path& folder, bool resume,
                       std::size_t max_updates) {
  Recorder recorder;
  config.training.max_updates = max_updates;
  return train(std::move(config), folder, resume, recorder);
}

// Fills the arrays of a saved state whose names begin so.
inline void spoil(const std::filesystem::path& path, const std::string& prefix, double value) {
  const Safetensors state = Safetensors::read(path);
  Safetensors spoilt;
  for (const std::string& name : state.names()) {
    Array<float> array = state.get<float>(name);
    if (name.starts_with(prefix)) array.fill(static_cast<float>(value));
    spoilt.add(name, array);
  }
  for (const auto& [key, text] : state.metadata())
    if (key == "training" || key == "config") spoilt.set_metadata(key, text);
  spoilt.write(path);
}

// Fails the test unless two training folders are the same but for the seconds that they took.
inline void check_same_training(const TemporaryFolder& a, const TemporaryFolder& b) {
  CHECK((a.read("model.safetensors") == b.read("model.safetensors")));
  const Safetensors state_a = Safetensors::read(a.path() / "training_state.safetensors");
  const Safetensors state_b = Safetensors::read(b.path() / "training_state.safetensors");
  CHECK(state_a.names() == state_b.names());
  for (const std::string& name : state_a.names()) {
    INFO(name);
    CHECK(max_difference(state_a.get<float>(name), state_b.get<float>(name)) == 0);
  }
  auto json_a = nlohmann::json::parse(state_a.metadata().at("training"));
  auto json_b = nlohmann::json::parse(state_b.metadata().at("training"));
  json_a["seconds"] = json_b["seconds"] = 0;
  CHECK(json_a == json_b);
}

}  // namespace babelgrad
