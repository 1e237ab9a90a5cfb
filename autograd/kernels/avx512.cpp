#include "babelgrad/autograd/kernels/instruction_sets.h"
#if defined(__x86_64__)
#include "babelgrad/autograd/kernels/simd.h"

namespace babelgrad {

Kernels<float> avx512_kernels(float) {
  return simd::Implementation<xsimd::avx512bw, float>::table("avx512");
}
Kernels<double> avx512_kernels(double) {
  return simd::Implementation<xsimd::avx512bw, double>::table("avx512");
}

}  // namespace babelgrad
#endif
