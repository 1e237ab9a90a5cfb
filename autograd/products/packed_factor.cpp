#include "babelgrad/autograd/products/packed_factor.h"

#include <algorithm>
#include <stdexcept>

#include "babelgrad/autograd/allocator.h"
#include "babelgrad/autograd/kernels/bfloat16.h"
#include "babelgrad/autograd/kernels/int8.h"
#include "babelgrad/autograd/products/gemm.h"

namespace babelgrad {
namespace {

std::size_t packed_words(Precision precision, std::size_t vectors, std::size_t depth) {
  return precision == Precision::int8 ? int8::packed_words(vectors, depth)
                                      : bfloat16::packed_words(vectors, depth);
}

std::size_t packed_bytes(Precision precision, std::size_t vectors, std::size_t depth) {
  const std::size_t scales = precision == Precision::int8 ? vectors : 0;
  return packed_words(precision, vectors, depth) * sizeof(std::uint32_t) + scales * sizeof(float);
}

}  // namespace

PackedFactor::PackedFactor(Precision precision, std::size_t vectors, std::size_t depth, Side side)
    : precision_(precision),
      vectors_(vectors),
      depth_(depth),
      side_(side),
      words_(static_cast<std::uint32_t*>(allocate_block(packed_bytes(precision, vectors, depth)))),
      scales_(reinterpret_cast<float*>(words_ + packed_words(precision, vectors, depth))),
      bytes_(packed_bytes(precision, vectors, depth)) {}

PackedFactor::PackedFactor(Precision precision, const Factor& factor, Side side)
    : PackedFactor(precision, factor.vectors, factor.depth, side) {
  pack(factor);
}

PackedFactor::PackedFactor(const PackedFactor& whole, std::size_t begin, std::size_t vectors)
    : precision_(whole.precision_),
      vectors_(vectors),
      depth_(whole.depth_),
      side_(whole.side_),
      words_(whole.words_ + packed_words(precision_, begin, depth_)),
      scales_(whole.scales_ + begin),
      bytes_(0) {}

PackedFactor::PackedFactor(const QuantizedView& rows, Side side)
    : PackedFactor(Precision::int8, rows.scales.size(), rows.cols, side) {
  int8::arrange(vectors_, depth_, rows.numbers, side, words_);
  std::copy_n(rows.scales.data(), vectors_, scales_);
}

void PackedFactor::pack(std::size_t begin, const Factor& vectors) {
  std::uint32_t* words = words_ + packed_words(precision_, begin, depth_);
  if (precision_ == Precision::int8)
    int8::kernels().pack(vectors, side_, words, scales_ + begin);
  else
    bfloat16::kernels().pack(vectors, side_, words);
}

void PackedFactor::pack_as(const Factor& factor) {
  if (packed_bytes(precision_, factor.vectors, factor.depth) > bytes_)
    throw std::logic_error("packed factor: no room for another factor");
  vectors_ = factor.vectors;
  depth_ = factor.depth;
  scales_ = reinterpret_cast<float*>(words_ + packed_words(precision_, vectors_, depth_));
  pack(factor);
}

Panels PackedFactor::panels(std::size_t vector, std::size_t element) const {
  const std::size_t stride = bfloat16::panel_words(depth_);
  return {words_ + vector / kTileVectors * stride + bfloat16::panel_words(element), stride};
}

PackedFactor::~PackedFactor() {
  if (bytes_ > 0) free_block(words_, bytes_);
}

void multiply_packed(const PackedFactor& a, const PackedFactor& b, float beta, float* c,
                     std::size_t ld_c) {
  detail::count_product(a.vectors(), b.vectors(), a.depth());
  if (beta != 0 && beta != 1)
    for (std::size_t r = 0; r < a.vectors(); ++r)
      for (std::size_t j = 0; j < b.vectors(); ++j) c[r * ld_c + j] *= beta;
  if (a.precision() == Precision::int8)
    int8::kernels().multiply(a.vectors(), b.vectors(), a.depth(), a.words(), a.scales(), b.words(),
                             b.scales(), beta != 0, c, ld_c);
  else
    bfloat16::kernels().multiply(a.vectors(), b.vectors(), a.depth(), a.words(), b.words(),
                                 beta != 0, c, ld_c);
}

}  // namespace babelgrad
