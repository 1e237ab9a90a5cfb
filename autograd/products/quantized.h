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

// matrix: [rows, cols]
QuantizedRows quantize_rows(const Array<float>& matrix);

// And back: to [rows, cols], as many rows as there are scales.
template <class T>
void dequantize_rows(const Array<T>& scales, std::size_t cols, const std::int8_t* numbers, T* to);

}  // namespace babelgrad
