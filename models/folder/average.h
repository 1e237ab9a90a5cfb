// The mean of several models' parameters: of moments of one training, or of trainings that started
// from one model (Izmailov et al. 2018, "Averaging weights leads to wider optima"). Models that
// began with different random parameters have no useful mean.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "babelgrad/models/folder/translator.h"

namespace babelgrad {

// The first model with the mean of the parameters of all. Each is a model folder, or a snapshot's
// file in one. Throws as Translator::load and load_snapshot, and CheckpointError without a path or
// where models are not of one structure and vocabulary:
//   "b: hidden is 32, but a has 16; only models of one structure can be averaged"
//   "b/source.vocab: other words than those of a; only models of one vocabulary can be averaged"
Translator average_models(const std::vector<std::string>& paths);

}  // namespace babelgrad
