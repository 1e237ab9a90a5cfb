// Whether this process may use AMX, the matrix instructions of x86-64.
#pragma once

namespace babelgrad {

// Bits that CPUID (leaf 7, EDX) says it by.
constexpr unsigned kAmxBf16 = 1u << 22, kAmxInt8 = 1u << 25;

// With these instructions. Asks the kernel, which saves the tiles only for processes that ask.
bool may_use_amx(unsigned instructions);

}  // namespace babelgrad
