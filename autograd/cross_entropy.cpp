#include "babelgrad/autograd/cross_entropy.h"

#include <algorithm>

namespace babelgrad {

CountedTargets check_targets(const char* op, const Shape& x, std::size_t classes,
                             const IntArray& targets, const CrossEntropyOptions& options) {
  if (!std::equal(x.begin(), x.end() - 1, targets.shape().begin(), targets.shape().end()))
    throw_shape_error(op, "need one target a row", {{"x", x}, {"targets", targets.shape()}});
  if (!(options.label_smoothing >= 0 && options.label_smoothing < 1))
    throw ShapeError(std::string(op) + ": need 0 <= label_smoothing < 1; got " +
                     std::to_string(options.label_smoothing));
  if (!(options.normalizer >= 0))
    throw ShapeError(std::string(op) + ": need normalizer >= 0; got " +
                     std::to_string(options.normalizer));
  CountedTargets counted;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const std::int32_t target = targets.data()[i];
    if (target == options.ignore_index) continue;
    if (target < 0 || static_cast<std::size_t>(target) >= classes)
      throw ShapeError(std::string(op) + ": need targets in [0, " + std::to_string(classes) +
                       "); got " + std::to_string(target) + " at position " + std::to_string(i));
    counted.rows.push_back(i);
  }
  counted.normalizer = options.normalizer > 0
                           ? options.normalizer
                           : std::max<double>(1, static_cast<double>(counted.rows.size()));
  return counted;
}

}  // namespace babelgrad
