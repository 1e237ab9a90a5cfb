// The structure and the sizes of a model in a line, for inspect and for the pages:
//   "gru, global attention from the current state, general score; embedding 64, encoder 2 x 64,
//   decoder 128, layers 1 and 1"
#pragma once

#include <string>

#include "babelgrad/models/config/config.h"

namespace babelgrad::apps {

std::string structure_text(const Seq2SeqConfig& config);

}  // namespace babelgrad::apps
