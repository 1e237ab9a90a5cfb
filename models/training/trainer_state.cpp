// The part of Trainer that saves and restores: training_state.safetensors.
#include <chrono>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "babelgrad/autograd/inspection/finite.h"
#include "babelgrad/base/json.h"
#include "babelgrad/models/config/config_json.h"
#include "babelgrad/models/folder/snapshots.h"
#include "babelgrad/models/training/trainer.h"

namespace babelgrad {
namespace {

constexpr const char* kParameter = "parameter.";
constexpr const char* kAverage = "average.";
constexpr const char* kBest = "best.";
constexpr std::size_t kMaxCounted = 1'000'000'000'000;  // of updates and epochs: far from overflow

// A CheckpointError names an array of what is no number.
Array<float> finite(const Safetensors& file, const std::string& name, const Shape& shape) {
  Array<float> array = file.get<float>(name, shape);
  if (!all_finite(array)) throw CheckpointError("array " + name + " is not finite");
  return array;
}

// A count, or a type_error.
std::size_t count_of(const nlohmann::json& json, const char* key) {
  return json.at(key).get_ref<const nlohmann::json::number_unsigned_t&>();
}

void require_at_most(std::size_t count, std::size_t limit, const std::string& what) {
  if (count > limit)
    throw CheckpointError(what + " is " + std::to_string(count) + "; at most " +
                          std::to_string(limit) + " can be");
}

}  // namespace

void Trainer::save_state() {
  const auto start = std::chrono::steady_clock::now();
  require_finite_parameters();
  collect();
  claim_folder();
  Safetensors file;
  const auto& parameters = translator_.model().store().parameters();
  const auto add_all = [&](const std::string& prefix, const std::vector<Array<float>>& arrays) {
    for (std::size_t i = 0; i < arrays.size(); ++i)
      file.add(prefix + parameters[i].name(), arrays[i]);
  };
  add_parameters(file, translator_.model().store(), kParameter);
  for (const auto& [name, array] : learner_.optimizer->state()) file.add(name, *array);
  add_all(kAverage, learner_.step.average());
  if (model_file_is_irregular_) add_all(kBest, best_parameters_);
  nlohmann::json json;
  json["update"] = state_.update;
  json["epoch"] = state_.epoch;
  json["position"] = state_.position;
  if (state_.best_metric) {
    json["best_metric"] = *state_.best_metric;
    if (std::isfinite(state_.best_loss)) json["best_loss"] = state_.best_loss;
  }
  json["best_update"] = state_.best_update;
  json["bad_validations"] = state_.bad_validations;
  json["kept"] = nlohmann::json::array();
  for (const Validated& one : state_.kept)
    json["kept"].push_back({one.update, one.metric, one.loss});
  json["smoothed_loss"] = state_.smoothed_loss;
  json["seconds"] = state_.seconds;
  json["optimizer_steps"] = learner_.optimizer->step_count();
  json["schedule_scale"] = schedule_.state().scale;
  json["schedule_bad_in_a_row"] = schedule_.state().bad_in_a_row;
  json["fingerprint"] = data_.fingerprint;
  file.set_metadata("training", json.dump());
  file.set_metadata("config", to_json(identity_of(translator_.config())));
  file.write(place() / kStateFile);
  settle();
  thin_snapshots(place(), kept_updates(), kBestFolder);
  saving_seconds_ = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  state_.seconds += saving_seconds_;
}

void Trainer::resume() {
  const std::filesystem::path path = folder_ / kStateFile;
  const Safetensors file = Safetensors::read(path);
  try {
    load_state(file);
    load_best(file);
    folder_is_ours_ = true;
    if (const auto notice = metrics_.resume(state_.update)) observer_.on_notice(*notice);
    thin_snapshots(folder_, snapshot_updates(state_.update, config_.snapshots));
    forget_lost();
    thin_snapshots(folder_, kept_updates(), kBestFolder);
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
  const auto config = file.metadata().find("config");
  if (config == file.metadata().end()) throw CheckpointError("has no configuration");
  const Config stored = stored_config(config->second, (folder_ / kStateFile).string());
  if (const auto difference = identity_difference(stored, translator_.config()))
    throw CheckpointError(
        "config.json is not the one that this training began with: " + difference->key + " is " +
        difference->now + ", was " + difference->stored);
  const auto json = parse_json<nlohmann::json>(text->second);
  if (json.at("fingerprint") != data_.fingerprint)
    throw CheckpointError("the training data are not the ones that this training began with");
  ParameterStore<float>& store = translator_.model().store();
  // Of these the next update tells what is no number; a moment of Adam may be infinite.
  load_parameters(file, store, kParameter);
  for (auto& [name, array] : learner_.optimizer->state())
    *array = file.get<float>(name, array->shape());
  learner_.step.average().clear();
  state_.update = count_of(json, "update");
  require_at_most(state_.update, kMaxCounted, "update");
  if (config_.average_decay > 0 && state_.update > 0)  // it begins with the first update
    for (const Tensor<float>& parameter : store.parameters())
      learner_.step.average().push_back(
          finite(file, kAverage + parameter.name(), parameter.shape()));
  state_.epoch = count_of(json, "epoch");
  require_at_most(state_.epoch, kMaxCounted, "epoch");
  if (json.contains("best_metric")) state_.best_metric = json.at("best_metric").get<double>();
  // States of earlier versions have no losses: nothing of the same metric is better, as it was.
  constexpr double kUnknownLoss = -std::numeric_limits<double>::infinity();
  state_.best_loss = json.value("best_loss", kUnknownLoss);
  state_.best_update = count_of(json, "best_update");
  state_.bad_validations = count_of(json, "bad_validations");
  state_.kept.clear();
  for (const nlohmann::json& one : json.value("kept", nlohmann::json::array()))
    state_.kept.push_back(
        {one.at(0), one.at(1), one.size() > 2 ? one.at(2).get<double>() : kUnknownLoss});
  if (state_.kept.size() > config_.keep_best) state_.kept.resize(config_.keep_best);
  state_.smoothed_loss = json.at("smoothed_loss");
  state_.seconds = json.at("seconds");
  learner_.optimizer->set_step_count(count_of(json, "optimizer_steps"));
  const double scale = json.at("schedule_scale");
  if (scale < 0 || scale > 1)  // a product of factors
    throw CheckpointError("schedule_scale is " + json.at("schedule_scale").dump() +
                          "; need a number from 0 to 1");
  schedule_.restore({scale, count_of(json, "schedule_bad_in_a_row")});
  batches_ = plan_.epoch(state_.epoch);
  state_.position = count_of(json, "position");
  require_at_most(state_.position, batches_.size(), "position");
}

// The best parameters are those in model.safetensors, unless an irregular validation replaced them.
void Trainer::load_best(const Safetensors& file) {
  if (!state_.best_metric) return;
  const auto& parameters = translator_.model().store().parameters();
  model_file_is_irregular_ = file.contains(kBest + parameters.front().name());
  const Safetensors model =
      model_file_is_irregular_ ? Safetensors() : Translator::read_parameters(folder_);
  best_parameters_.clear();
  for (const Tensor<float>& parameter : parameters) {
    if (model_file_is_irregular_) {
      best_parameters_.push_back(finite(file, kBest + parameter.name(), parameter.shape()));
      continue;
    }
    best_parameters_.push_back(model.get<float>(parameter.name(), parameter.shape()));
    if (!all_finite(best_parameters_.back()))
      throw CheckpointError((folder_ / kModelFile).string() + ": parameter " + parameter.name() +
                            " is not finite");
  }
}

}  // namespace babelgrad
