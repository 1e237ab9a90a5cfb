// The parts that a step of a recurrent cell makes.
#pragma once

#include <cstddef>

namespace babelgrad {

// [B, H] each, in the order in which they are made. A GRU has r, z, n and h' (ops/gru.cpp): reset,
// update, candidate, state; an LSTM i, f, g, o, c' and h' (ops/lstm.cpp): input, forget, candidate,
// output, cell, state.
enum class CellPart { reset, update, input, forget, candidate, output, cell, state };
inline constexpr std::size_t kCellParts = 8;

}  // namespace babelgrad
