// What cross_entropy and linear_cross_entropy share: which rows count, and the checks.
#pragma once

#include <vector>

#include "babelgrad/autograd/ops.h"

namespace babelgrad {

struct CountedTargets {
  std::vector<std::size_t> rows;  // rows whose target is not ignored
  double normalizer;
};

// x: [..., *] with one row a target; classes: V.
CountedTargets check_targets(const char* op, const Shape& x, std::size_t classes,
                             const IntArray& targets, const CrossEntropyOptions& options);

}  // namespace babelgrad
