// The transposition of a matrix, at about the speed of a copy on any processor: vectors of 16 bytes
// are enough for that, so this is compiled once, not per instruction set.
#pragma once

#include <cstddef>

namespace babelgrad {

// y[c, r] = x[r, c]; rows of x begin ld_x elements apart, rows of y ld_y.
template <class T>
void transpose_matrix(std::size_t rows, std::size_t cols, const T* x, std::size_t ld_x, T* y,
                      std::size_t ld_y);

}  // namespace babelgrad
