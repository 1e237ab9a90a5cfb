// The products of few rows of every instruction set against plain loops.
#include <doctest/doctest.h>

#include <cstdlib>
#include <string_view>

#include "babelgrad/autograd/products/gemm.h"
#include "tests/autograd/kernels_helpers.h"

namespace babelgrad {
namespace {

// alpha A [m, k] B^T + beta C, in double; rows of A and B have k + 3 elements, those of C n + 2.
template <class T>
std::vector<double> plain_product(std::size_t m, std::size_t n, std::size_t k, T alpha,
                                  const std::vector<T>& a, const std::vector<T>& b, T beta,
                                  const std::vector<T>& c) {
  std::vector<double> result(c.begin(), c.end());
  for (std::size_t r = 0; r < m; ++r)
    for (std::size_t j = 0; j < n; ++j) {
      double dot = 0;
      for (std::size_t i = 0; i < k; ++i)
        dot += static_cast<double>(a[r * (k + 3) + i]) * b[j * (k + 3) + i];
      double& to = result[r * (n + 2) + j];
      to = alpha * dot + (beta == T(0) ? 0 : beta * to);
    }
  return result;
}

TEST_CASE("products: OpenBLAS does not take its oldest kernels on a processor with newer ones") {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
      !std::getenv("OPENBLAS_CORETYPE"))
    CHECK(std::string_view(blas_name()) != "Prescott");
#endif
}

TEST_CASE_TEMPLATE("kernels: few_rows_product, rows apart", T, float, double) {
  for (const Kernels<T>& kernel : available_kernels<T>())
    for (const std::size_t k : kSizes)
      for (std::size_t m = 1; m <= 14; ++m)
        for (const std::size_t n : {1, 2, 3, 4, 5, 6, 7, 12})
          for (const T beta : {T(0), T(1), T(-0.5)}) {
            INFO(kernel.name, ", m ", m, ", n ", n, ", k ", k, ", beta ", beta);
            const std::vector<T> a = random_row<T>(m * (k + 3), 1),
                                 b = random_row<T>(n * (k + 3), 2);
            std::vector<T> c = random_row<T>(m * (n + 2), 3);
            if (beta == T(0))  // it is not read
              for (std::size_t r = 0; r < m; ++r)
                std::fill_n(c.begin() + r * (n + 2), n, std::numeric_limits<T>::quiet_NaN());
            Guarded<T> got(c);
            kernel.few_rows_product(m, n, k, T(2), a.data(), k + 3, b.data(), k + 3, beta,
                                    got.data(), n + 2);
            CHECK(relative_difference(got.row(), plain_product(m, n, k, T(2), a, b, beta, c)) <
                  k * kRounding<T>);
            CHECK(got.intact());
          }
}

TEST_CASE_TEMPLATE("kernels: few_rows_product, a row has the same bits alone and beside others", T,
                   float, double) {
  const std::size_t m = 13, n = 9, k = 37;
  const std::vector<T> a = random_row<T>(m * k, 1), b = random_row<T>(n * k, 2);
  for (const Kernels<T>& kernel : available_kernels<T>()) {
    std::vector<T> together(m * n), alone(n);
    kernel.few_rows_product(m, n, k, T(1), a.data(), k, b.data(), k, T(0), together.data(), n);
    for (std::size_t r = 0; r < m; ++r) {
      kernel.few_rows_product(1, n, k, T(1), a.data() + r * k, k, b.data(), k, T(0), alone.data(),
                              n);
      CHECK(alone == std::vector<T>(together.begin() + r * n, together.begin() + (r + 1) * n));
    }
  }
}

}  // namespace
}  // namespace babelgrad
