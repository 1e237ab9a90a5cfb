#include "babelgrad/autograd/products/packed_factor.h"

#include "babelgrad/autograd/allocator.h"
#include "babelgrad/autograd/products/gemm.h"

namespace babelgrad {
namespace {

std::size_t packed_bytes(std::size_t vectors, std::size_t depth) {
  return bfloat16::packed_words(vectors, depth) * sizeof(std::uint32_t);
}

}  // namespace

PackedFactor::PackedFactor(std::size_t vectors, std::size_t depth, bfloat16::Side side)
    : vectors_(vectors),
      depth_(depth),
      side_(side),
      words_(static_cast<std::uint32_t*>(allocate_block(packed_bytes(vectors, depth)))) {}

PackedFactor::PackedFactor(const bfloat16::Factor& factor, bfloat16::Side side)
    : PackedFactor(factor.vectors, factor.depth, side) {
  pack(factor);
}

void PackedFactor::pack(const bfloat16::Factor& factor) {
  bfloat16::kernels().pack(factor, side_, words_);
}

PackedFactor::~PackedFactor() { free_block(words_, packed_bytes(vectors_, depth_)); }

void multiply_packed(const PackedFactor& a, const PackedFactor& b, float beta, float* c,
                     std::size_t ld_c) {
  detail::count_product(a.vectors(), b.vectors(), a.depth());
  if (beta != 0 && beta != 1)
    for (std::size_t r = 0; r < a.vectors(); ++r)
      for (std::size_t j = 0; j < b.vectors(); ++j) c[r * ld_c + j] *= beta;
  bfloat16::kernels().multiply(a.vectors(), b.vectors(), a.depth(), a.words(), b.words(), beta != 0,
                               c, ld_c);
}

}  // namespace babelgrad
