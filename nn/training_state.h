// Saving a training loop of one's own, and going on to the last bit as if it had never stopped:
//
//   TrainingState state;                                             // of the loop
//   if (std::filesystem::exists(path)) state = load_training(path, store, adam);
//   for (; state.step < steps; ++state.step) {
//     if (state.step % 1000 == 0) save_training(path, store, adam, state);
//     ... Mode::training(seed, state.step), state.random, loader.epoch(state.epoch, state.batch)
//   }
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "babelgrad/nn/optimizer.h"
#include "babelgrad/nn/random.h"
#include "babelgrad/nn/safetensors.h"

namespace babelgrad {

// What a loop goes on from, beside the parameters and the optimizer's moments and step count.
struct TrainingState {
  std::uint64_t step = 0;
  std::uint64_t epoch = 0;
  std::uint64_t batch = 0;  // of the epoch
  Random random{1};
  std::map<std::string, double> numbers;  // whatever else: the best loss so far, a plateau's scale
};

// Writes parameters, the optimizer's state and the loop's to one safetensors file, atomically.
template <class T>
void save_training(const std::filesystem::path& path, const ParameterStore<T>& store,
                   Optimizer<T>& optimizer, const TrainingState& state);

// Reads them back into a store and an optimizer that were made in the same way. A CheckpointError
// says what does not fit, and nothing is changed.
template <class T>
TrainingState load_training(const std::filesystem::path& path, ParameterStore<T>& store,
                            Optimizer<T>& optimizer);

}  // namespace babelgrad
