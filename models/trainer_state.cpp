// The part of Trainer that saves and restores: training_state.safetensors.
#include <nlohmann/json.hpp>

#include "babelgrad/models/trainer.h"

namespace babelgrad {
namespace {

constexpr const char* kStateFile = "training_state.safetensors";
constexpr const char* kParameter = "parameter.";
constexpr const char* kAverage = "average.";
constexpr const char* kBest = "best.";

}  // namespace

void Trainer::save_state() const {
  require_finite_parameters();
  Safetensors file;
  const auto& parameters = translator_.model().store().parameters();
  const auto add_all = [&](const std::string& prefix, const std::vector<Array<float>>& arrays) {
    for (std::size_t i = 0; i < arrays.size(); ++i)
      file.add(prefix + parameters[i].name(), arrays[i]);
  };
  add_parameters(file, translator_.model().store(), kParameter);
  for (const auto& [name, array] : optimizer_->state()) file.add(name, *array);
  add_all(kAverage, step_.average());
  if (model_file_is_irregular_) add_all(kBest, best_parameters_);
  nlohmann::json json;
  json["update"] = state_.update;
  json["epoch"] = state_.epoch;
  json["position"] = state_.position;
  if (state_.best_metric) json["best_metric"] = *state_.best_metric;
  json["best_update"] = state_.best_update;
  json["bad_validations"] = state_.bad_validations;
  json["smoothed_loss"] = state_.smoothed_loss;
  json["seconds"] = state_.seconds;
  json["optimizer_steps"] = optimizer_->step_count();
  json["schedule_scale"] = schedule_.state().scale;
  json["schedule_bad_in_a_row"] = schedule_.state().bad_in_a_row;
  json["fingerprint"] = data_.fingerprint;
  file.set_metadata("training", json.dump());
  file.write(folder_ / kStateFile);
}

void Trainer::resume() {
  const std::filesystem::path path = folder_ / kStateFile;
  const Safetensors file = Safetensors::read(path);
  try {
    load_state(file);
    restore_best(file);
  } catch (const nlohmann::json::exception&) {
    throw CheckpointError(path.string() + ": not a training state of this program");
  } catch (const CheckpointError& error) {
    const std::string what = error.what();  // may name the file already
    throw CheckpointError(what.starts_with((folder_ / "").string()) ? what
                                                                    : path.string() + ": " + what);
  }
}

void Trainer::load_state(const Safetensors& file) {
  file.require_checksum();
  const auto text = file.metadata().find("training");
  if (text == file.metadata().end()) throw CheckpointError("has no training state");
  const nlohmann::json json = nlohmann::json::parse(text->second);
  if (json.at("fingerprint") != data_.fingerprint)
    throw CheckpointError("the training data are not the ones that this training began with");
  ParameterStore<float>& store = translator_.model().store();
  load_parameters(file, store, kParameter);
  for (auto& [name, array] : optimizer_->state()) *array = file.get<float>(name);
  step_.average().clear();
  if (config_.average_decay > 0 && json.at("update") > 0)  // it begins with the first update
    for (const Tensor<float>& parameter : store.parameters())
      step_.average().push_back(file.get<float>(kAverage + parameter.name()));
  state_.update = json.at("update");
  state_.epoch = json.at("epoch");
  state_.position = json.at("position");
  if (json.contains("best_metric")) state_.best_metric = json.at("best_metric").get<double>();
  state_.best_update = json.at("best_update");
  state_.bad_validations = json.at("bad_validations");
  state_.smoothed_loss = json.at("smoothed_loss");
  state_.seconds = json.at("seconds");
  optimizer_->set_step_count(json.at("optimizer_steps"));
  schedule_.restore({json.at("schedule_scale"), json.at("schedule_bad_in_a_row")});
  batches_ = plan_.epoch(state_.epoch);
}

// Brings model.safetensors and best_parameters_ to what they were at the last regular validation.
void Trainer::restore_best(const Safetensors& file) {
  if (!state_.best_metric) return;
  ParameterStore<float>& store = translator_.model().store();
  const bool irregular = file.contains(kBest + store.parameters().front().name());
  const Safetensors model = irregular ? Safetensors() : Translator::read_parameters(folder_);
  best_parameters_.clear();
  for (const Tensor<float>& parameter : store.parameters())
    best_parameters_.push_back(irregular ? file.get<float>(kBest + parameter.name())
                                         : model.get<float>(parameter.name()));
  if (!irregular) return;
  swap_parameters(best_parameters_);
  translator_.save_parameters(folder_);
  swap_parameters(best_parameters_);
}

}  // namespace babelgrad
