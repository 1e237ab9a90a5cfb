// The products of int8.h in instructions of newer x86-64 processors, compiled for these: to be
// called where the processor has them.
#pragma once

#include "babelgrad/autograd/kernels/int8.h"

namespace babelgrad::int8 {

Kernels amx_kernels();     // AVX-512 (F, BW), AMX-INT8
Kernels avx512_kernels();  // AVX-512 (F, BW, VNNI)
Kernels avx2_kernels();

}  // namespace babelgrad::int8
