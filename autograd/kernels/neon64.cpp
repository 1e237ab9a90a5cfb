#include "babelgrad/autograd/kernels/instruction_sets.h"
#if defined(__aarch64__)
#include "babelgrad/autograd/kernels/simd.h"

namespace babelgrad {

Kernels<float> neon64_kernels(float) {
  return simd::Implementation<xsimd::neon64, float>::table("neon64");
}
Kernels<double> neon64_kernels(double) {
  return simd::Implementation<xsimd::neon64, double>::table("neon64");
}

}  // namespace babelgrad
#endif
