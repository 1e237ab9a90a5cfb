// The kernel tables of the instruction sets; the argument only selects the element type.
#pragma once

#include "babelgrad/autograd/kernels/kernels.h"

namespace babelgrad {

#if defined(__x86_64__)
Kernels<float> sse2_kernels(float);
Kernels<double> sse2_kernels(double);
Kernels<float> avx2_kernels(float);
Kernels<double> avx2_kernels(double);
Kernels<float> avx512_kernels(float);
Kernels<double> avx512_kernels(double);
#elif defined(__aarch64__)
Kernels<float> neon64_kernels(float);
Kernels<double> neon64_kernels(double);
#else
#error "Babelgrad's kernels are written for x86-64 and AArch64"
#endif

}  // namespace babelgrad
