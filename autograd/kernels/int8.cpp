#include "babelgrad/autograd/kernels/int8.h"

#include <cstring>
#include <vector>

#include "babelgrad/autograd/kernels/int8_blocks.h"
#include "babelgrad/autograd/kernels/int8_x86.h"
#include "babelgrad/autograd/kernels/processor.h"

namespace babelgrad::int8 {
namespace {

// The byte of a word, from the lowest, with its sign.
int byte_of(std::uint32_t word, unsigned i) { return static_cast<std::int8_t>(word >> 8 * i); }

struct PortableBlock {
  static void sums(std::size_t tiles, const std::uint32_t* a, const std::uint32_t* b,
                   std::size_t stride, std::size_t rows, std::size_t cols, std::int32_t* sums) {
    for (std::size_t r = 0; r < rows; ++r)
      for (std::size_t j = 0; j < cols; j += kTileVectors)
        row(tiles, a + r / kTileVectors * stride + r % kTileVectors * kTileRowWords,
            b + j / kTileVectors * stride, sums + r * kBlock + j);
  }
  static void row(std::size_t tiles, const std::uint32_t* a, const std::uint32_t* b,
                  std::int32_t* to) {
    std::int32_t sums[kTileVectors] = {};
    for (std::size_t t = 0; t < tiles; ++t, a += kTileWords, b += kTileWords)
      for (std::size_t w = 0; w < kTileRowWords; ++w)
        for (unsigned i = 0; i < kElementsOfWord; ++i) {
          const int factor = byte_of(a[w], i);
          for (std::size_t k = 0; k < kTileVectors; ++k)
            sums[k] += factor * byte_of(b[w * kTileVectors + k], i);
        }
    std::copy_n(sums, kTileVectors, to);
  }
};

std::vector<Kernels> find_kernels() {
  std::vector<Kernels> found;
#if defined(__x86_64__)
  if (has_avx512() && __builtin_cpu_supports("avx512vnni")) {
    if (may_use_amx(kAmxInt8)) found.push_back(amx_kernels());
    found.push_back(avx512_kernels());
  }
  if (has_avx2()) found.push_back(avx2_kernels());
#endif
  found.push_back({"portable", &pack<PortableBlock>, &multiply<PortableBlock>});
  return found;
}

}  // namespace

void arrange(std::size_t vectors, std::size_t depth, const std::int8_t* numbers, Side side,
             std::uint32_t* packed) {
  const std::size_t tiles = tiles_of(depth, kElementsOfWord);
  for (std::size_t v = 0; v < vectors; v += kTileVectors, packed += tiles * kTileWords) {
    const std::size_t there = std::min(kTileVectors, vectors - v);
    if (there < kTileVectors || depth % kTileDepth > 0) std::fill_n(packed, tiles * kTileWords, 0u);
    for (std::size_t r = 0; r < there; ++r)
      for (std::size_t begin = 0; begin < depth; begin += kTileDepth)
        std::memcpy(packed + begin / kTileDepth * kTileWords + r * kTileRowWords,
                    numbers + (v + r) * depth + begin, std::min(kTileDepth, depth - begin));
    if (side == Side::right) turn_panel<PortableBlock>(tiles, packed);
  }
}

std::span<const Kernels> available_kernels() {
  static const std::vector<Kernels> found = find_kernels();
  return found;
}

const Kernels& kernels() { return available_kernels().front(); }

}  // namespace babelgrad::int8
