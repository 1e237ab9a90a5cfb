#include "babelgrad/autograd/kernels/instruction_sets.h"
#include "babelgrad/autograd/kernels/processor.h"

namespace babelgrad {
namespace {

template <class T>
Kernels<T> best_kernels() {
#if defined(__x86_64__)
  if (has_avx512()) return avx512_kernels(T{});
  if (has_avx2()) return avx2_kernels(T{});
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
