// Fetching memory before it is needed. Processors foresee long runs, but not short pieces of rows
// that lie far apart.
#pragma once

#include <cstddef>

namespace babelgrad {

enum class Use { read, write };

// Has a block's cache lines brought near; its rows of `cols` elements begin `ld` elements apart.
template <Use use, class T>
void prefetch_block(std::size_t rows, std::size_t cols, const T* x, std::size_t ld) {
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t c = 0; c < cols; c += 64 / sizeof(T))
      __builtin_prefetch(x + r * ld + c, use == Use::write);
}

}  // namespace babelgrad
