#include "babelgrad/autograd/kernels/bfloat16.h"

#include <array>
#include <bit>
#include <vector>

#include "babelgrad/autograd/kernels/bfloat16_blocks.h"
#include "babelgrad/autograd/kernels/bfloat16_x86.h"
#include "babelgrad/autograd/kernels/processor.h"

namespace babelgrad::bfloat16 {
namespace {

// As AVX512_BF16's VCVTNE2PS2BF16 rounds: to nearest even, denormal numbers to zero, a NaN quiet.
std::uint32_t rounded(float x) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(x), magnitude = bits & 0x7fffffff;
  if (magnitude < 0x00800000) return (bits & 0x80000000) >> 16;
  if (magnitude > 0x7f800000) return bits >> 16 | 0x40;
  return (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
}

void portable_pack(const Factor& f, Side side, std::uint32_t* panel, std::size_t stride) {
  const auto element = [&f](std::size_t v, std::size_t i) {
    if (v >= f.vectors || i >= f.depth) return std::uint32_t{0};
    return rounded(f.vectors_are_rows ? f.x[v * f.ld + i] : f.x[i * f.ld + v]);
  };
  for (std::size_t v = 0; v < f.vectors; v += kTileVectors, panel += stride)
    for (std::size_t i = 0; i < f.depth; i += kTileDepth) {
      std::uint32_t* tile = panel + i / kTileDepth * kTileWords;
      for (std::size_t r = 0; r < kTileVectors; ++r)
        for (std::size_t p = 0; p < kTileRowWords; ++p)
          tile[side == Side::left ? r * kTileRowWords + p : p * kTileVectors + r] =
              element(v + r, i + 2 * p) | element(v + r, i + 2 * p + 1) << 16;
    }
}

float first(std::uint32_t pair) { return std::bit_cast<float>(pair << 16); }
float second(std::uint32_t pair) { return std::bit_cast<float>(pair & 0xffff0000); }

struct PortableBlock {
  static void multiply(std::size_t depth_tiles, const Panels& a, const Panels& b, bool two_a,
                       bool two_b, bool add, float* c, std::size_t ld) {
    for (std::size_t i = 0; i < (two_a ? 2u : 1u); ++i)
      for (std::size_t j = 0; j < (two_b ? 2u : 1u); ++j)
        for (std::size_t r = 0; r < kTileVectors; ++r)
          row(depth_tiles, a.words + i * a.stride + r * kTileRowWords, b.words + j * b.stride, add,
              c + (i * kTileVectors + r) * ld + j * kTileVectors);
  }
  static void row(std::size_t depth_tiles, const std::uint32_t* a, const std::uint32_t* b, bool add,
                  float* c) {
    std::array<float, kTileVectors> sum{};
    for (std::size_t j = 0; add && j < kTileVectors; ++j) sum[j] = c[j];
    for (std::size_t t = 0; t < depth_tiles; ++t, a += kTileWords, b += kTileWords)
      for (std::size_t p = 0; p < kTileRowWords; ++p)
        for (std::size_t j = 0; j < kTileVectors; ++j) {
          const std::uint32_t pair = b[p * kTileVectors + j];
          sum[j] += second(a[p]) * second(pair);
          sum[j] += first(a[p]) * first(pair);
        }
    for (std::size_t j = 0; j < kTileVectors; ++j) c[j] = sum[j];
  }
};

std::vector<Kernels> find_kernels() {
  std::vector<Kernels> found;
#if defined(__x86_64__)
  if (has_avx512() && __builtin_cpu_supports("avx512bf16")) {
    if (may_use_amx(kAmxBf16)) found.push_back(amx_kernels());
    // AMD's makes twice as many products a cycle as with floats, Intel's no more.
    found.push_back(avx512_kernels(__builtin_cpu_is("amd")));
  }
#endif
  found.push_back({"portable", false, &portable_pack, &multiply_blocks<PortableBlock>});
  return found;
}

}  // namespace

std::span<const Kernels> available_kernels() {
  static const std::vector<Kernels> found = find_kernels();
  return found;
}

void round(std::size_t n, const float* x, std::uint16_t* to) {
  for (std::size_t i = 0; i < n; ++i) to[i] = static_cast<std::uint16_t>(rounded(x[i]));
}

void widen(std::size_t n, const std::uint16_t* x, float* to) {
  for (std::size_t i = 0; i < n; ++i) to[i] = first(x[i]);
}

const Kernels& kernels() { return available_kernels().front(); }

}  // namespace babelgrad::bfloat16
