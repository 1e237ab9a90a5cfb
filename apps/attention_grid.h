// Attention weights as a small grid of characters: a row a target token, a column a source token.
#pragma once

#include <string>
#include <vector>

#include "babelgrad/models/translator.h"

namespace babelgrad::apps {

// weights: [target][source], 0 to 1. Ends with a newline.
std::string attention_grid(const std::vector<std::string>& source,
                           const std::vector<std::string>& target,
                           const std::vector<std::vector<float>>& weights);

}  // namespace babelgrad::apps
