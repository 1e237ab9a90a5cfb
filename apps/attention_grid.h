// Attention weights as a small grid of characters: a row a target token, a column a source token.
#pragma once

#include <string>
#include <vector>

#include "babelgrad/models/folder/translator.h"

namespace babelgrad::apps {

// weights: [target][source], 0 to 1. Ends with a newline. With a limit of `columns` (0: none) a
// wide grid is cut into parts, one below the other, each with the target tokens at its left; a part
// has at least one source token.
std::string attention_grid(const std::vector<std::string>& source,
                           const std::vector<std::string>& target,
                           const std::vector<std::vector<float>>& weights, std::size_t columns = 0);

}  // namespace babelgrad::apps
