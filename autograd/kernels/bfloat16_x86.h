// The bfloat16 kernels of newer x86-64 processors; to be called where these have the instructions.
#pragma once

#include "babelgrad/autograd/kernels/bfloat16.h"

namespace babelgrad::bfloat16 {

Kernels amx_kernels();                   // AMX-BF16: Sapphire Rapids and later
Kernels avx512_kernels(bool is_faster);  // AVX512_BF16: also Cooper Lake, Zen 4 and later

}  // namespace babelgrad::bfloat16
