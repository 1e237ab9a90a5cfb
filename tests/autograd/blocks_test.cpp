// Arrays that the ops work through in blocks, beside the same in one piece; short rows and long
// ones; the products' ways for matrices and for vectors.
#include <doctest/doctest.h>

#include <cmath>

#include "babelgrad/autograd/backward.h"
#include "babelgrad/autograd/products/gemm.h"
#include "tests/autograd/helpers.h"

namespace babelgrad {
namespace {

using D = Tensor<double>;
using Elementwise = std::function<D(const D&)>;

constexpr std::size_t kMany = 20001;  // more than two blocks, and not a multiple

TEST_CASE("functions of one number over a large array are those over its parts") {
  const std::vector<std::pair<std::string, Elementwise>> functions{
      {"gelu", [](const D& x) { return gelu(x); }},
      {"gelu_tanh", [](const D& x) { return gelu(x, Approximate::tanh); }},
      {"silu", [](const D& x) { return silu(x); }},
      {"softplus", [](const D& x) { return softplus(x); }},
      {"elu", [](const D& x) { return elu(x); }},
      {"sin", [](const D& x) { return sin(x); }},
      {"cos", [](const D& x) { return cos(x); }},
      {"erf", [](const D& x) { return erf(x); }},
      {"pow", [](const D& x) { return pow(x, 3); }},
  };
  const Array<double> values = random_array({kMany}, 1, -3, 3);
  for (const auto& row : functions) {
    INFO(row.first);
    const D whole(reshape(values, {3, 6667}), kRequiresGrad);
    const D y = row.second(whole);
    const Array<double> slope = gradients(sum(y * y), {whole})[0];
    for (const std::size_t begin : {0, 8000, 19000}) {
      const std::size_t end = std::min(begin + 1000, kMany);
      const D part(Array<double>(values.leading(begin, end)), kRequiresGrad);
      const D of_part = row.second(part);
      const auto piece = [&](const Array<double>& x) {
        return reshape(x, {-1}).leading(begin, end);
      };
      CHECK(max_difference(piece(y.value()), of_part.value()) < 1e-15);
      CHECK(max_difference(piece(slope), gradients(sum(of_part * of_part), {part})[0]) < 1e-14);
    }
  }
}

// Sums, extremes and the like along either axis of [rows, cols], by plain loops.
TEST_CASE("reductions of short rows, long rows and many rows") {
  const std::vector<Shape> shapes{{3, 9001}, {9001, 3}, {2000, 8}, {5, 1}, {1, 20000}, {130, 70}};
  for (const Shape& shape : shapes)
    for (const std::size_t axis : {0, 1}) {
      INFO(to_string(shape), ", axis ", axis);
      const std::ptrdiff_t along = static_cast<std::ptrdiff_t>(axis);
      const D x(random_array(shape, 3, 0.9, 1.1));
      const std::size_t kept = shape[1 - axis], n = shape[axis];
      const auto at = [&](std::size_t k, std::size_t i) {
        return axis == 0 ? x.value()(i, k) : x.value()(k, i);
      };
      const Array<double> sums = sum(x, along).value(), norms = norm(x, 2, along).value();
      const Array<double> most = amax(x, along).value(), least = amin(x, along).value();
      const Array<double> logs = logsumexp(x, along).value(), products = prod(x, along).value();
      const Array<double> repeated = broadcast_to(unsqueeze(sum(x, along), along), shape).value();
      for (std::size_t k = 0; k < kept; k += 1 + kept / 7) {
        double total = 0, squares = 0, exponentials = 0, product = 1, high = 0, low = 9;
        for (std::size_t i = 0; i < n; ++i) {
          const double v = at(k, i);
          total += v, squares += v * v, exponentials += std::exp(v), product *= v;
          high = std::max(high, v), low = std::min(low, v);
        }
        const double scale = static_cast<double>(n);
        CHECK(std::abs(sums(k) - total) < 1e-15 * scale * 10);
        CHECK(std::abs(norms(k) - std::sqrt(squares)) < 1e-15 * scale * 10);
        CHECK(std::abs(logs(k) - std::log(exponentials)) < 1e-13);
        CHECK(std::abs(products(k) - product) <= 1e-15 * scale * product * 10);
        CHECK(most(k) == high);
        CHECK(least(k) == low);
        CHECK((axis == 0 ? repeated(n - 1, k) : repeated(k, n - 1)) == sums(k));
        if (n > 1) {
          double distances = 0;
          for (std::size_t i = 0; i < n; ++i) distances += std::pow(at(k, i) - total / scale, 2);
          CHECK(std::abs(var(x, along).value()(k) - distances / (scale - 1)) < 1e-14);
        }
      }
    }
}

TEST_CASE("slices with a step, and parts of few elements") {
  const D x(random_array({7, 5, 3}, 4), kRequiresGrad);
  for (const std::ptrdiff_t axis : {0, 1, 2}) {
    const D part = slice(x, axis, 1, 3, 2), run = slice(x, axis, 1, 3);
    const Array<double> slope = gradients(sum(part * part) + sum(run), {x})[0];
    for (std::ptrdiff_t i = 0; i < 7; ++i)
      for (std::ptrdiff_t j = 0; j < 5; ++j)
        for (std::ptrdiff_t k = 0; k < 3; ++k) {
          const std::ptrdiff_t at = axis == 0 ? i : axis == 1 ? j : k;
          const double expected = (at == 1 ? 2 * x(i, j, k) : 0) + (at == 1 || at == 2 ? 1 : 0);
          CHECK(slope(i, j, k) == expected);
        }
  }
}

TEST_CASE("cumsum: more rows and columns than are summed at once, forward and backward") {
  for (const Shape& shape : {Shape{3, 5}, Shape{75, 70}, Shape{64, 32}}) {
    const D x(random_array(shape, 5), kRequiresGrad);
    const Array<double> y = cumsum(x, 1).value(), weights = random_array(shape, 6);
    const Array<double> slope = gradients(cumsum(x, 1), weights, {x})[0];
    const std::size_t last = shape[1] - 1;
    for (std::size_t r = 0; r < shape[0]; ++r) {
      double sum = 0, back = 0;
      for (std::size_t i = 0; i <= last; ++i) {
        CHECK(y(r, i) == (sum += x.value()(r, i)));
        CHECK(slope(r, last - i) == (back += weights(r, last - i)));
      }
    }
  }
}

TEST_CASE("cat: more rows than a block, parts of different widths, forward and backward") {
  constexpr std::size_t kRows = 1700;
  const std::vector<D> parts{D(random_array({kRows, 3}, 1), kRequiresGrad),
                             D(random_array({kRows, 0}, 2), kRequiresGrad),
                             D(random_array({kRows, 1}, 3), kRequiresGrad)};
  const Array<double> weights = random_array({kRows, 4}, 4);
  const D whole = cat(parts, 1);
  const std::vector<Array<double>> slopes = gradients(whole, weights, parts);
  for (std::size_t r = 0; r < kRows; ++r)
    for (std::size_t i = 0; i < 4; ++i) {
      const std::size_t part = i < 3 ? 0 : 2, at = i < 3 ? i : 0;
      CHECK(whole.value()(r, i) == parts[part].value()(r, at));
      CHECK(slopes[part](r, at) == weights(r, i));
    }
}

TEST_CASE("dot: more elements than a piece is the sum of the products") {
  for (const std::size_t n : {0, 1, 20001}) {
    const D a(random_array({n}, 1), kRequiresGrad), b(random_array({n}, 2), kRequiresGrad);
    const D fused = dot(a, b), composed = sum(a * b);
    CHECK(std::abs(fused.item() - composed.item()) < 1e-12);
    const auto slopes = gradients(fused, {a, b}), expected = gradients(composed, {a, b});
    CHECK(max_difference(slopes[0], expected[0]) == 0);
    CHECK(max_difference(slopes[1], expected[1]) == 0);
  }
}

TEST_CASE("gather: its gradient is that of a scatter_add to zeros, with slices of several rows") {
  const D x(random_array({3, 4, 5}, 1), kRequiresGrad);
  IntArray indices = uninitialized<std::int32_t>({3, 6, 5});
  for (std::size_t i = 0; i < indices.size(); ++i)
    indices.data()[i] = static_cast<std::int32_t>(i * 7 % 3);
  const Array<double> weights = random_array({3, 6, 5}, 2);
  const Array<double> slope = gradients(gather(x, 1, indices), weights, {x})[0];
  CHECK(max_difference(slope, scatter_add(zeros<double>({3, 4, 5}), 1, indices, weights)) == 0);
}

TEST_CASE("outer: more rows than a block") {
  const D a(random_array({40}, 7), kRequiresGrad), b(random_array({5}, 8), kRequiresGrad);
  const Array<double> weights = random_array({40, 5}, 9);
  const auto fused = gradients(outer(a, b), weights, {a, b});
  const auto composed = gradients(unsqueeze(a, 1) * unsqueeze(b, 0), weights, {a, b});
  CHECK(max_difference(fused[0], composed[0]) < 1e-14);
  CHECK(max_difference(fused[1], composed[1]) < 1e-14);
}

TEST_CASE("products: when BLAS's threads are stopped, and when they are started again") {
  const Array<float> a = random_array<float>({300, 300}, 1), b = random_array<float>({300, 300}, 2);
  const Array<float> before = matmul(a, b);
  const int threads = blas_threads();
  stop_blas_threads();
  stop_blas_threads();
  set_blas_threads(2);
  CHECK(max_difference(matmul(a, b), before) < 1e-3);
  set_blas_threads(1);
  stop_blas_threads();
  CHECK(max_difference(matmul(a, b), before) < 1e-3);
  set_blas_threads(threads);
  CHECK(max_difference(matmul(a, b), before) < 1e-3);
}

// Every way to give the operands; rows longer than the matrix; C read only where beta is not 0.
TEST_CASE_TEMPLATE("gemm: matrices and vectors against plain loops", T, float, double) {
  const double tolerance = 20 * static_cast<double>(std::numeric_limits<T>::epsilon());
  for (const Transpose op_a : {Transpose::no, Transpose::yes})
    for (const Transpose op_b : {Transpose::no, Transpose::yes})
      for (const std::size_t m : {1, 4})
        for (const std::size_t n : {1, 5})
          for (const std::size_t k : {1, 3})
            for (const T beta : {T(0), T(1), T(0.5)}) {
              INFO("m ", m, ", n ", n, ", k ", k, ", beta ", beta, ", a ", op_a == Transpose::yes,
                   ", b ", op_b == Transpose::yes);
              const bool turned_a = op_a == Transpose::yes, turned_b = op_b == Transpose::yes;
              const std::size_t ld_a = (turned_a ? m : k) + 2, ld_b = (turned_b ? k : n) + 1;
              const std::size_t ld_c = n + 3;
              const Array<T> a = random_array<T>({turned_a ? k : m, ld_a}, 1);
              const Array<T> b = random_array<T>({turned_b ? n : k, ld_b}, 2);
              Array<T> c = random_array<T>({m, ld_c}, 3);
              if (beta == T(0)) c.fill(std::numeric_limits<T>::quiet_NaN());
              const Array<T> before = c;
              gemm<T>(op_a, op_b, m, n, k, T(2), a.data(), ld_a, b.data(), ld_b, beta, c.data(),
                      ld_c);
              for (std::size_t i = 0; i < m; ++i)
                for (std::size_t j = 0; j < ld_c; ++j) {
                  if (j >= n) {
                    CHECK((beta == T(0) ? std::isnan(c(i, j)) : c(i, j) == before(i, j)));
                    continue;
                  }
                  double sum = beta == T(0) ? 0 : static_cast<double>(beta * before(i, j));
                  for (std::size_t l = 0; l < k; ++l)
                    sum += 2.0 * static_cast<double>(turned_a ? a(l, i) : a(i, l)) *
                           static_cast<double>(turned_b ? b(j, l) : b(l, j));
                  CHECK(std::abs(static_cast<double>(c(i, j)) - sum) < tolerance);
                }
            }
}

}  // namespace
}  // namespace babelgrad
