#include "babelgrad/autograd/products/gemm.h"

#include <cblas.h>

#include <algorithm>

extern "C" {
// OpenBLAS; absent from other BLAS libraries.
[[gnu::weak]] void openblas_set_num_threads(int);
[[gnu::weak]] int openblas_get_num_threads();
[[gnu::weak]] char* openblas_get_corename();
}

namespace babelgrad {
namespace {

constinit thread_local double flops = 0;

CBLAS_TRANSPOSE to_cblas(Transpose op) { return op == Transpose::no ? CblasNoTrans : CblasTrans; }

void multiply(Transpose op_a, Transpose op_b, int m, int n, int k, float alpha, const float* a,
              int ld_a, const float* b, int ld_b, float beta, float* c, int ld_c) {
  cblas_sgemm(CblasRowMajor, to_cblas(op_a), to_cblas(op_b), m, n, k, alpha, a, ld_a, b, ld_b, beta,
              c, ld_c);
}

void multiply(Transpose op_a, Transpose op_b, int m, int n, int k, double alpha, const double* a,
              int ld_a, const double* b, int ld_b, double beta, double* c, int ld_c) {
  cblas_dgemm(CblasRowMajor, to_cblas(op_a), to_cblas(op_b), m, n, k, alpha, a, ld_a, b, ld_b, beta,
              c, ld_c);
}

}  // namespace

template <class T>
void gemm(Transpose op_a, Transpose op_b, std::size_t m, std::size_t n, std::size_t k, T alpha,
          const T* a, std::size_t ld_a, const T* b, std::size_t ld_b, T beta, T* c,
          std::size_t ld_c) {
  if (m == 0 || n == 0) return;
  if (k == 0) {  // BLAS asks for ld >= 1 and leaves C alone
    for (std::size_t i = 0; i < m; ++i)
      for (std::size_t j = 0; j < n; ++j)
        c[i * ld_c + j] = beta == T(0) ? T(0) : beta * c[i * ld_c + j];
    return;
  }
  flops += 2 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
  multiply(op_a, op_b, static_cast<int>(m), static_cast<int>(n), static_cast<int>(k), alpha, a,
           static_cast<int>(ld_a), b, static_cast<int>(ld_b), beta, c, static_cast<int>(ld_c));
}

template void gemm(Transpose, Transpose, std::size_t, std::size_t, std::size_t, float, const float*,
                   std::size_t, const float*, std::size_t, float, float*, std::size_t);
template void gemm(Transpose, Transpose, std::size_t, std::size_t, std::size_t, double,
                   const double*, std::size_t, const double*, std::size_t, double, double*,
                   std::size_t);

double gemm_flops() { return flops; }

void set_blas_threads(int count) {
  if (openblas_set_num_threads) openblas_set_num_threads(std::max(1, count));
}

int blas_threads() { return openblas_get_num_threads ? openblas_get_num_threads() : 1; }

const char* blas_name() { return openblas_get_corename ? openblas_get_corename() : "BLAS"; }

}  // namespace babelgrad
