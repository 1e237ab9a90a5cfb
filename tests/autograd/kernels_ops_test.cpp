// The kernels of the generic ops (exp, log, sums, maxima, log-softmax, layer normalisation) of
// every instruction set against plain loops.
#include <doctest/doctest.h>

#include <algorithm>
#include <numbers>
#include <numeric>

#include "tests/autograd/kernels_helpers.h"

namespace babelgrad {
namespace {

// Also more than the four vectors that a sum or a maximum takes at a time, and than their block.
constexpr std::size_t kRowSizes[] = {1, 3, 15, 16, 17, 64, 100, 5000};

TEST_CASE_TEMPLATE("kernels: exp, log and multiply_add", T, float, double) {
  for (const Kernels<T>& k : available_kernels<T>())
    for (const std::size_t n : kRowSizes) {
      INFO(k.name, ", n ", n);
      const std::vector<T> x = random_row<T>(n, 1, 0.1, 3), b = random_row<T>(n, 2);
      std::vector<double> exponentials, logarithms, sums;
      for (std::size_t i = 0; i < n; ++i) {
        exponentials.push_back(std::exp(static_cast<double>(x[i]) - 0.5));
        logarithms.push_back(std::log(static_cast<double>(x[i])));
        sums.push_back(static_cast<double>(x[i]) + static_cast<double>(x[i]) * b[i]);
      }
      Guarded<T> e(x), l(x), s(x);
      k.exp(n, e.data(), T(0.5), e.data());  // in place
      k.log(n, l.data(), l.data());
      k.multiply_add(n, x.data(), b.data(), s.data());
      CHECK(relative_difference(e.row(), exponentials) < 4 * kRounding<T>);
      CHECK(relative_difference(l.row(), logarithms) < 4 * kRounding<T>);
      CHECK(relative_difference(s.row(), sums) < kRounding<T>);
      CHECK((e.intact() && l.intact() && s.intact()));
    }
}

// To the last digits of x and of the result, of small numbers, too, where some are as small as x.
TEST_CASE_TEMPLATE("kernels: functions of one number", T, float, double) {
  struct Row {
    std::string name;
    void (*Kernels<T>::*kernel)(std::size_t, const T*, T*);
    double (*expected)(double);
    double (*slope)(double);
    double low, high;
    double off = 1;  // in double; xsimd's polynomials for erf have fewer digits
  };
  const auto slope_of_erf = [](double x) {
    return 2 / std::sqrt(std::numbers::pi) * std::exp(-x * x);
  };
  const std::vector<Row> rows{
      {"expm1", &Kernels<T>::expm1, std::expm1, std::exp, -30, 30},
      {"log1p", &Kernels<T>::log1p, std::log1p, [](double x) { return 1 / (1 + x); }, -0.9, 50},
      {"erf", &Kernels<T>::erf, std::erf, slope_of_erf, -6, 6, 20},
      {"erfc", &Kernels<T>::erfc, std::erfc, slope_of_erf, -6, std::is_same_v<T, double> ? 26 : 9,
       1e4},
  };
  for (const Kernels<T>& k : available_kernels<T>())
    for (const Row& row : rows)
      for (const double scale : {1.0, 1e-2, 1e-5}) {
        INFO(k.name, ", ", row.name, ", scale ", scale);
        const std::vector<T> numbers = random_row<T>(1001, 5, scale * row.low, scale * row.high);
        Guarded<T> y(numbers);
        (k.*row.kernel)(numbers.size(), y.data(), y.data());  // in place
        double worst = 0;
        for (std::size_t i = 0; i < numbers.size(); ++i) {
          const double x = static_cast<double>(numbers[i]), expected = row.expected(x);
          const double digits = std::abs(expected) + std::abs(x * row.slope(x));
          worst = std::max(worst, std::abs(static_cast<double>(y.row()[i]) - expected) / digits);
        }
        CHECK(worst < kRounding<T> * (std::is_same_v<T, double> ? row.off : 1));
        CHECK(y.intact());
      }
}

TEST_CASE_TEMPLATE("kernels: erf and erfc far from 0", T, float, double) {
  const T most = std::numeric_limits<T>::max(), inf = std::numeric_limits<T>::infinity();
  const std::vector<T> x{T(40), T(-40), T(1e20), T(-1e20), most, -most, inf, -inf};
  for (const Kernels<T>& k : available_kernels<T>()) {
    INFO(k.name);
    std::vector<T> y(x.size()), z(x.size());
    k.erf(x.size(), x.data(), y.data());
    k.erfc(x.size(), x.data(), z.data());
    for (std::size_t i = 0; i < x.size(); ++i) {
      CHECK(y[i] == (x[i] > 0 ? T(1) : T(-1)));
      CHECK(std::abs(z[i] - (x[i] > 0 ? T(0) : T(2))) < std::numeric_limits<T>::min());
    }
    T nan = std::numeric_limits<T>::quiet_NaN();
    k.erf(1, &nan, &nan);
    CHECK(std::isnan(nan));
  }
}

TEST_CASE_TEMPLATE("kernels: copy_block and add_block", T, float, double) {
  constexpr std::size_t rows = 3;
  for (const Kernels<T>& k : available_kernels<T>())
    for (const std::size_t n : {1, 4, 7, 8, 9, 24}) {
      INFO(k.name, ", n ", n);
      const std::size_t ld_x = n + 2, ld_y = n + 1;
      const std::vector<T> x = random_row<T>(rows * ld_x, 1), y = random_row<T>(rows * ld_y, 2);
      std::vector<T> copied = y, added = y;
      for (std::size_t r = 0; r < rows; ++r)
        for (std::size_t i = 0; i < n; ++i) {
          copied[r * ld_y + i] = x[r * ld_x + i];
          added[r * ld_y + i] += x[r * ld_x + i];
        }
      std::vector<T> copy = y, sum = y;
      k.copy_block(rows, n, x.data(), ld_x, copy.data(), ld_y);
      k.add_block(rows, n, x.data(), ld_x, sum.data(), ld_y);
      CHECK(copy == copied);  // what lies between the rows, too
      CHECK(sum == added);
    }
}

TEST_CASE_TEMPLATE("kernels: sum and max_row", T, float, double) {
  for (const Kernels<T>& k : available_kernels<T>())
    for (const std::size_t n : kRowSizes) {
      INFO(k.name, ", n ", n);
      std::vector<T> x = random_row<T>(n, n);
      const double expected = std::accumulate(x.begin(), x.end(), 0.0);
      CHECK(std::abs(k.sum(n, x.data()) - expected) < 16 * std::sqrt(n) * kRounding<T>);
      CHECK(k.max_row(n, x.data()) == *std::max_element(x.begin(), x.end()));
      CHECK(k.min_row(n, x.data()) == *std::min_element(x.begin(), x.end()));
      for (const std::size_t at : {std::size_t{0}, n / 2, n - 1}) {
        std::vector<T> with_nan = x;
        with_nan[at] = std::numeric_limits<T>::quiet_NaN();
        CHECK(std::isnan(k.max_row(n, with_nan.data())));
        CHECK(std::isnan(k.min_row(n, with_nan.data())));
        CHECK(std::isnan(k.sum(n, with_nan.data())));
      }
      std::fill(x.begin(), x.end(), -std::numeric_limits<T>::infinity());
      CHECK(k.max_row(n, x.data()) == -std::numeric_limits<T>::infinity());
    }
}

TEST_CASE_TEMPLATE("kernels: log_softmax_row and its backward", T, float, double) {
  const T lowest = std::numeric_limits<T>::lowest();
  for (const Kernels<T>& k : available_kernels<T>())
    for (const std::size_t n : kRowSizes) {
      INFO(k.name, ", n ", n);
      const std::vector<T> x = random_row<T>(n, 1, -5, 5), dy = random_row<T>(n, 2);
      double total = 0, sum = 0;
      for (T v : x) total += std::exp(static_cast<double>(v));
      std::vector<double> y, dx;
      for (T v : x) y.push_back(v - std::log(total));
      Guarded<T> result(x), gradient(dy);
      k.log_softmax_row(n, result.data());
      CHECK(relative_difference(result.row(), y) < 16 * kRounding<T>);
      std::vector<T> masked = result.row();
      masked[n / 2] = lowest;
      for (std::size_t i = 0; i < n; ++i) sum += i == n / 2 ? 0 : static_cast<double>(dy[i]);
      for (std::size_t i = 0; i < n; ++i)
        dx.push_back(i == n / 2 ? 0 : dy[i] - std::exp(static_cast<double>(masked[i])) * sum);
      k.log_softmax_row_backward(n, masked.data(), gradient.data(), gradient.data());  // in place
      CHECK(relative_difference(gradient.row(), dx) < 64 * kRounding<T>);
      CHECK((result.intact() && gradient.intact()));
    }
}

TEST_CASE_TEMPLATE("kernels: layer_norm_row and its backward", T, float, double) {
  for (const Kernels<T>& k : available_kernels<T>())
    for (const std::size_t n : kRowSizes) {
      INFO(k.name, ", n ", n);
      const std::vector<T> x = random_row<T>(n, 1), gain = random_row<T>(n, 2),
                           bias = random_row<T>(n, 3), dy = random_row<T>(n, 4);
      double mean = 0, variance = 0, mean_d = 0, mean_du = 0;
      for (T v : x) mean += v / static_cast<double>(n);
      for (T v : x) variance += (v - mean) * (v - mean) / static_cast<double>(n);
      const double inverse = 1 / std::sqrt(variance + 0.25);
      std::vector<double> normal, y, dx;
      for (std::size_t i = 0; i < n; ++i) {
        normal.push_back((x[i] - mean) * inverse);
        y.push_back(normal[i] * gain[i] + bias[i]);
        const double d = static_cast<double>(dy[i]) * gain[i];
        mean_d += d / static_cast<double>(n);
        mean_du += d * normal[i] / static_cast<double>(n);
      }
      for (std::size_t i = 0; i < n; ++i)
        dx.push_back((static_cast<double>(dy[i]) * gain[i] - mean_d - normal[i] * mean_du) *
                     inverse);
      Guarded<T> u(x), result(x), gradient(dy);
      const T got =
          k.layer_norm_row(n, x.data(), gain.data(), bias.data(), T(0.25), u.data(), result.data());
      k.layer_norm_row_backward(n, gradient.data(), u.data(), gain.data(), got, gradient.data());
      CHECK(std::abs(got - inverse) < 16 * kRounding<T>);
      CHECK(relative_difference(u.row(), normal) < 16 * kRounding<T>);
      CHECK(relative_difference(result.row(), y) < 16 * kRounding<T>);
      CHECK(relative_difference(gradient.row(), dx) < 16 * kRounding<T>);
      CHECK((u.intact() && result.intact() && gradient.intact()));
    }
}

}  // namespace
}  // namespace babelgrad
