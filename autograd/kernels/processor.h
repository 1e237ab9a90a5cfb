// What this processor can do, of what kernels are compiled for (autograd/CMakeLists.txt). Elsewhere
// than on x86-64: nothing.
#pragma once

namespace babelgrad {

bool has_avx2();    // and FMA
bool has_avx512();  // F, CD, DQ, BW and VL

// Sets of AMX, the matrix instructions, by the bits that CPUID (leaf 7, EDX) says them by.
constexpr unsigned kAmxBf16 = 1u << 22, kAmxInt8 = 1u << 25;

// Whether this process may use one. Asks the kernel, which saves the tiles only for processes that
// ask.
bool may_use_amx(unsigned instructions);

}  // namespace babelgrad
