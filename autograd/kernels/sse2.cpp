#include "babelgrad/autograd/kernels/instruction_sets.h"
#if defined(__x86_64__)
#include "babelgrad/autograd/kernels/simd.h"

namespace babelgrad {

Kernels<float> sse2_kernels(float) {
  return simd::Implementation<xsimd::sse2, float>::table("sse2");
}
Kernels<double> sse2_kernels(double) {
  return simd::Implementation<xsimd::sse2, double>::table("sse2");
}

}  // namespace babelgrad
#endif
