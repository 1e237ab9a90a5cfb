// The bfloat16 kernels of newer x86-64 processors; null where this one has not the instructions.
#pragma once

#include "babelgrad/autograd/kernels/bfloat16.h"

namespace babelgrad::bfloat16 {

const Kernels* amx_kernels();     // AMX-BF16: Sapphire Rapids and later
const Kernels* avx512_kernels();  // AVX512_BF16: also Cooper Lake, Zen 4 and later

}  // namespace babelgrad::bfloat16
