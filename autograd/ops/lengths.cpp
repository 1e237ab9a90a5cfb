#include "babelgrad/autograd/ops/lengths.h"

#include "babelgrad/autograd/tensor.h"

namespace babelgrad {

std::vector<std::size_t> checked_lengths(const char* op, const IntArray& lengths, std::size_t batch,
                                         std::size_t steps) {
  std::vector<std::size_t> checked(batch, steps);
  if (!lengths.given()) return checked;
  if (lengths.shape() != Shape{batch})
    throw_shape_error(op, "need lengths [B] with B " + std::to_string(batch),
                      {{"lengths", lengths.shape()}});
  for (std::size_t b = 0; b < batch; ++b) {
    const std::int32_t length = lengths.data()[b];
    if (length < 1 || static_cast<std::size_t>(length) > steps)
      throw ShapeError(std::string(op) + ": need lengths in [1, " + std::to_string(steps) +
                       "]; got " + std::to_string(length) + " at position " + std::to_string(b));
    checked[b] = static_cast<std::size_t>(length);
  }
  return checked;
}

}  // namespace babelgrad
