// Walks over a dense (row-major) array beside a second array with strides of its own: what
// transposing, broadcasting and reducing have in common. For the .cpp files of autograd.
#pragma once

#include <array>
#include <vector>

#include "babelgrad/autograd/array.h"

namespace babelgrad {

struct Axis {
  std::size_t size, dense_stride, other_stride;
};

// The axes of a dense array of `shape`, not empty, of which the other array has the given strides:
// without axes of size 1, and with neighbours merged where both arrays run on from one to the next.
// At least one axis.
std::vector<Axis> merged_axes(const Shape& shape, const Shape& other_strides);

// The strides of a dense array of `small` beside one of `shape` to which it is broadcast: aligned
// to the last axes, 0 where an element repeats.
Shape broadcast_strides(const Shape& small, const Shape& shape);

// Calls f(offset in the dense array, offset in the other) for every index of the axes up to `end`.
template <class F>
void walk(const Axis* axis, const Axis* end, std::size_t dense, std::size_t other, const F& f) {
  if (axis == end) return f(dense, other);
  for (std::size_t i = 0; i < axis->size; ++i)
    walk(axis + 1, end, dense + i * axis->dense_stride, other + i * axis->other_stride, f);
}
template <class F>
void walk(const std::vector<Axis>& axes, const F& f) {
  walk(axes.data(), axes.data() + axes.size(), 0, 0, f);
}

// An axis of a dense array to which several arrays are broadcast, with the stride of each.
template <std::size_t kOperands>
struct BroadcastAxis {
  std::size_t size;
  std::array<std::size_t, kOperands> strides;
};

// The axes of `shape`, not empty, with neighbours merged where all operands run on; at least one.
template <std::size_t kOperands>
std::vector<BroadcastAxis<kOperands>> broadcast_axes(const Shape& shape,
                                                     const std::array<Shape, kOperands>& operands) {
  std::array<Shape, kOperands> strides;
  for (std::size_t k = 0; k < kOperands; ++k) strides[k] = broadcast_strides(operands[k], shape);
  std::vector<BroadcastAxis<kOperands>> axes;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == 1) continue;
    BroadcastAxis<kOperands> axis{shape[i], {}};
    bool runs_on = !axes.empty();
    for (std::size_t k = 0; k < kOperands; ++k) {
      axis.strides[k] = strides[k][i];
      runs_on = runs_on && axes.back().strides[k] == axis.strides[k] * axis.size;
    }
    if (runs_on) axis.size *= axes.back().size, axes.pop_back();
    axes.push_back(axis);
  }
  if (axes.empty()) axes.push_back({1, {}});
  return axes;
}

// Calls f(offset of each operand) for every row: every index of all axes but the last.
template <std::size_t kOperands, class F>
void walk_rows(const std::vector<BroadcastAxis<kOperands>>& axes, const F& f, std::size_t axis = 0,
               const std::array<std::size_t, kOperands>& start = {}) {
  if (axis + 1 == axes.size()) return f(start);
  std::array<std::size_t, kOperands> at = start;
  for (std::size_t i = 0; i < axes[axis].size; ++i) {
    walk_rows(axes, f, axis + 1, at);
    for (std::size_t k = 0; k < kOperands; ++k) at[k] += axes[axis].strides[k];
  }
}

// A piece of an array that is reduced: [rows, cols], rows `step` elements apart, at offset `dense`,
// that goes to the elements from offset `reduced` on: along its rows to cols elements, or, if
// to_one, each row to one, in order.
struct ReducedBlock {
  std::size_t rows, cols, step;
  bool to_one;
  std::size_t dense, reduced;
};

// Calls f(block) for the blocks of an array of `shape` that is reduced to `reduced`, the same with
// size 1 where an axis is reduced, or broadcast from there. Several blocks may share their elements
// of the reduced array.
template <class F>
void for_each_block(const Shape& shape, const Shape& reduced, const F& f) {
  if (element_count(shape) == 0) return;
  std::vector<Axis> axes = merged_axes(shape, broadcast_strides(reduced, shape));
  const Axis row = axes.back();
  axes.pop_back();
  ReducedBlock block{1, row.size, row.size, row.other_stride == 0, 0, 0};
  // The axis before is reduced if the row is kept, else it would have been merged with it; after a
  // row to one it is kept, and its rows go to neighbours if it is the last such.
  if (!axes.empty() && axes.back().other_stride == (block.to_one ? 1 : 0)) {
    block.rows = axes.back().size;
    block.step = axes.back().dense_stride;
    axes.pop_back();
  }
  walk(axes, [&](std::size_t dense, std::size_t other) {
    block.dense = dense;
    block.reduced = other;
    f(static_cast<const ReducedBlock&>(block));
  });
}

}  // namespace babelgrad
