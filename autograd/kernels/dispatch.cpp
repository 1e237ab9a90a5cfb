#include "babelgrad/autograd/kernels/instruction_sets.h"

namespace babelgrad {
namespace {

template <class T>
Kernels<T> best_kernels() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512cd") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw"))
    return avx512_kernels(T{});
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return avx2_kernels(T{});
  return sse2_kernels(T{});
#else
  return neon64_kernels(T{});
#endif
}

}  // namespace

template <class T>
const Kernels<T>& kernels() {
  static const Kernels<T> best = best_kernels<T>();
  return best;
}

template const Kernels<float>& kernels();
template const Kernels<double>& kernels();

}  // namespace babelgrad
