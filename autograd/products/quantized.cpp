#include "babelgrad/autograd/products/quantized.h"

#include <cstring>

#include "babelgrad/autograd/kernels/int8.h"
#include "babelgrad/autograd/products/packed_factor.h"

namespace babelgrad {

QuantizedRows quantize_rows(const Array<float>& matrix) {
  constexpr std::size_t kTileBytes = kTileRowWords * sizeof(std::uint32_t);
  const std::size_t rows = matrix.shape()[0], cols = matrix.shape()[1];
  const PackedFactor packed(Precision::int8, {rows, cols, matrix.data(), cols, true}, Side::left);
  const std::size_t tiles = tiles_of(cols, int8::kElementsOfWord);
  QuantizedRows result{std::vector<std::int8_t>(rows * cols),
                       Array<float>({rows}, std::span<const float>(packed.scales(), rows))};
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t t = 0; t < tiles; ++t) {
      const std::size_t tile = r / kTileVectors * tiles + t;
      std::memcpy(result.numbers.data() + r * cols + t * kTileBytes,
                  packed.words() + tile * kTileWords + r % kTileVectors * kTileRowWords,
                  std::min(kTileBytes, cols - t * kTileBytes));
    }
  return result;
}

template <class T>
void dequantize_rows(const QuantizedView& matrix, T* to) {
  const std::int8_t* numbers = matrix.numbers;
  const std::size_t cols = matrix.cols;
  for (const float stored : matrix.scales) {
    const T scale = static_cast<T>(stored);
    for (std::size_t i = 0; i < cols; ++i) to[i] = scale * static_cast<T>(numbers[i]);
    numbers += cols;
    to += cols;
  }
}

template void dequantize_rows(const QuantizedView&, float*);
template void dequantize_rows(const QuantizedView&, double*);

}  // namespace babelgrad
