#include "babelgrad/autograd/kernels/instruction_sets.h"
#if defined(__x86_64__)
#include "babelgrad/autograd/kernels/simd.h"

namespace babelgrad {

Kernels<float> avx2_kernels(float) {
  return simd::Implementation<xsimd::fma3<xsimd::avx2>, float>::table("avx2");
}
Kernels<double> avx2_kernels(double) {
  return simd::Implementation<xsimd::fma3<xsimd::avx2>, double>::table("avx2");
}

}  // namespace babelgrad
#endif
