#include "babelgrad/nn/training_state.h"

#include <nlohmann/json.hpp>

#include "babelgrad/base/json.h"

namespace babelgrad {
namespace {

constexpr const char* kParameter = "parameter.";
constexpr const char* kMetadata = "training_state";

}  // namespace

template <class T>
void save_training(const std::filesystem::path& path, const ParameterStore<T>& store,
                   Optimizer<T>& optimizer, const TrainingState& state) {
  Safetensors file;
  add_parameters(file, store, kParameter);
  for (const auto& [name, array] : optimizer.state()) file.add(name, *array);
  const Random::State random = state.random.state();
  const nlohmann::json json{
      {"step", state.step},       {"epoch", state.epoch},
      {"batch", state.batch},     {"random", {random.key, random.drawn}},
      {"numbers", state.numbers}, {"optimizer_steps", optimizer.step_count()}};
  file.set_metadata(kMetadata, json.dump());
  file.write(path);
}

template <class T>
TrainingState load_training(const std::filesystem::path& path, ParameterStore<T>& store,
                            Optimizer<T>& optimizer) {
  const Safetensors file = Safetensors::read(path);
  file.require_checksum();
  const auto text = file.metadata().find(kMetadata);
  if (text == file.metadata().end())
    throw CheckpointError(path.string() + ": has no training state");
  TrainingState state;
  std::uint64_t optimizer_steps = 0;
  try {
    const nlohmann::json json = parse_json<nlohmann::json>(text->second);
    state.step = json.at("step");
    state.epoch = json.at("epoch");
    state.batch = json.at("batch");
    state.random = Random(Random::State{json.at("random").at(0), json.at("random").at(1)});
    state.numbers = json.at("numbers").get<std::map<std::string, double>>();
    optimizer_steps = json.at("optimizer_steps");
  } catch (const nlohmann::json::exception&) {
    throw CheckpointError(path.string() + ": not a training state that can be read");
  }
  std::vector<Array<T>> arrays;  // all of them before the first is changed
  for (const auto& [name, array] : optimizer.state())
    arrays.push_back(file.get<T>(name, array->shape()));
  load_parameters(file, store, kParameter);
  std::size_t next = 0;
  for (const auto& [name, array] : optimizer.state()) *array = std::move(arrays[next++]);
  optimizer.set_step_count(optimizer_steps);
  return state;
}

#define BABELGRAD_INSTANTIATE(T)                                                         \
  template void save_training(const std::filesystem::path&, const ParameterStore<T>&,    \
                              Optimizer<T>&, const TrainingState&);                      \
  template TrainingState load_training(const std::filesystem::path&, ParameterStore<T>&, \
                                       Optimizer<T>&);
BABELGRAD_INSTANTIATE(float)
BABELGRAD_INSTANTIATE(double)
#undef BABELGRAD_INSTANTIATE

}  // namespace babelgrad
