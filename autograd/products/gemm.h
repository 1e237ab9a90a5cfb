// The matrix products: through CBLAS, but for those of few rows. All matrices are row-major; `ld`
// is the distance in elements between the starts of two rows, so that a slice of a larger array is
// a matrix, too.
#pragma once

#include <cstddef>

namespace babelgrad {

enum class Transpose { no, yes };

// C [m, n] = alpha * op(A) [m, k] * op(B) [k, n] + beta * C. With beta = 0, C is written without
// being read: what stood there, NaN included, does not matter.
template <class T>
void gemm(Transpose op_a, Transpose op_b, std::size_t m, std::size_t n, std::size_t k, T alpha,
          const T* a, std::size_t ld_a, const T* b, std::size_t ld_b, T beta, T* c,
          std::size_t ld_c);

// Floating point operations of this thread's products so far, 2 m n k each.
double gemm_flops();
namespace detail {
void count_product(std::size_t m, std::size_t n, std::size_t k);
}

// How many threads one product may use. The program runs its own threads over shards of a batch, so
// one is the right number while training; a lone large product gains from more.
void set_blas_threads(int count);
int blas_threads();
// For programs that leave BLAS one thread: ends those that it holds ready, which else take the
// processor from others for their first 25 ms. No product may be under way. set_blas_threads()
// starts them again.
void stop_blas_threads();
const char* blas_name();

}  // namespace babelgrad
