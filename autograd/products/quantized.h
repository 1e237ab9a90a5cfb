// A matrix as the left factors of products in int8 are rounded (kernels/int8.h), to be stored.
#pragma once

#include <vector>

#include "babelgrad/autograd/array.h"

namespace babelgrad {

// Element [r, i] is about scales[r] * numbers[r * cols + i].
struct QuantizedRows {
  std::vector<std::int8_t> numbers;
  Array<float> scales;  // [rows]
};
// The same in somebody else's memory.
struct QuantizedView {
  const std::int8_t* numbers;
  std::size_t cols;
  Array<float> scales;
};

// matrix: [rows, cols]
QuantizedRows quantize_rows(const Array<float>& matrix);

// And back, to [rows, cols].
template <class T>
void dequantize_rows(const QuantizedView& matrix, T* to);

}  // namespace babelgrad
