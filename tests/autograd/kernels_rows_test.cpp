// The row kernels (softmax, cross-entropy, additive scores) and dropout masks of every instruction
// set against plain loops.
#include <doctest/doctest.h>

#include "tests/autograd/kernels_helpers.h"

namespace babelgrad {
namespace {

std::vector<double> to_double(const auto& row) { return {row.begin(), row.end()}; }

double log_sum_exp(const std::vector<double>& x) {
  double most = x[0], total = 0;
  for (double v : x) most = std::max(most, v);
  for (double v : x) total += std::exp(v - most);
  return most + std::log(total);
}

std::vector<double> plain_softmax(const std::vector<double>& x) {
  std::vector<double> y;
  for (double v : x) y.push_back(std::exp(v - log_sum_exp(x)));
  return y;
}

// Rows that saturate: one element far above, or far below, the others.
template <class T>
std::vector<std::vector<T>> logit_rows(std::size_t n) {
  std::vector<std::vector<T>> rows;
  for (const double range : {0.1, 3.0, 100.0, 1e4})
    rows.push_back(random_row<T>(n, n, -range, range));
  for (const T extreme : {T(100), T(-100)})
    for (const std::size_t at : {std::size_t{0}, n - 1}) {
      rows.emplace_back(n, T(0.25));
      rows.back()[at] = extreme;
    }
  return rows;
}

// A logit of size s is known to s * epsilon, and so is its exponential.
template <class T>
double tolerance(const std::vector<T>& x) {
  double most = 1;
  for (T v : x) most = std::max(most, std::abs(static_cast<double>(v)));
  return 4 * most * kRounding<T>;
}

TEST_CASE_TEMPLATE("kernels: softmax_row and log_sum_exp_row", T, float, double) {
  for (const Kernels<T>& k : available_kernels<T>())
    for (const std::size_t n : kSizes)
      for (const std::vector<T>& x : logit_rows<T>(n)) {
        INFO(k.name, ", n ", n, ", first ", x[0], ", last ", x[n - 1]);
        Guarded<T> y(x);
        const T normalizer = k.softmax_row(n, y.data());
        const double expected = log_sum_exp(to_double(x));
        CHECK(relative_difference(y.row(), plain_softmax(to_double(x))) < tolerance(x));
        CHECK(std::abs(normalizer - expected) < tolerance(x));
        CHECK(std::abs(k.log_sum_exp_row(n, x.data()) - expected) < tolerance(x));
        double total = 0;
        for (T p : y.row()) total += static_cast<double>(p);
        CHECK(std::abs(total - 1) < 16 * kRounding<T>);
        CHECK(y.intact());
      }
}

TEST_CASE_TEMPLATE("kernels: softmax_row with elements at the lowest value", T, float, double) {
  for (const Kernels<T>& k : available_kernels<T>())
    for (const std::size_t n : kSizes)
      for (const double level : {-50.0, 0.0, 50.0}) {
        INFO(k.name, ", n ", n, ", level ", level);
        std::vector<T> x(n, std::numeric_limits<T>::lowest());
        x[n / 2] = static_cast<T>(level);
        std::vector<double> one_hot(n, 0.0);
        one_hot[n / 2] = 1;
        Guarded<T> y(x);
        CHECK(k.softmax_row(n, y.data()) == static_cast<T>(level));
        CHECK(relative_difference(y.row(), one_hot) == 0);
      }
}

TEST_CASE_TEMPLATE("kernels: find_greater", T, float, double) {
  for (const Kernels<T>& k : available_kernels<T>())
    for (const std::size_t n : kSizes)
      for (std::size_t at = 0; at <= n; ++at) {
        INFO(k.name, ", n ", n, ", at ", at);
        std::vector<T> x(n, T(1));
        x[0] = std::numeric_limits<T>::quiet_NaN();
        if (at < n) x[at] = T(2);
        x.push_back(T(3));
        CHECK(k.find_greater(n, x.data(), T(1)) == at);
        CHECK(k.find_greater(n, x.data(), std::numeric_limits<T>::infinity()) == n);
      }
}

TEST_CASE_TEMPLATE("kernels: softmax_row_backward", T, float, double) {
  for (const Kernels<T>& k : available_kernels<T>())
    for (const std::size_t n : kSizes) {
      INFO(k.name, ", n ", n);
      const std::vector<T> y = random_row<T>(n, 1, 0, 1), dy = random_row<T>(n, 2);
      double dot = 0;
      for (std::size_t i = 0; i < n; ++i) dot += static_cast<double>(y[i]) * dy[i];
      std::vector<double> expected;
      for (std::size_t i = 0; i < n; ++i) expected.push_back(y[i] * (dy[i] - dot));
      Guarded<T> dx(dy);
      k.softmax_row_backward(n, y.data(), dx.data(), dx.data());  // in place
      CHECK(relative_difference(dx.row(), expected) < 8 * kRounding<T>);
      CHECK(dx.intact());
    }
}

TEST_CASE_TEMPLATE("kernels: softmax_block and scale_minus", T, float, double) {
  for (const Kernels<T>& k : available_kernels<T>())
    for (const std::size_t n : kSizes)
      for (const std::vector<T>& x : logit_rows<T>(n))
        for (const bool has_bias : {false, true}) {
          INFO(k.name, ", n ", n);
          const std::vector<T> bias = random_row<T>(n, 7);
          std::vector<T> biased = x;
          for (std::size_t i = 0; has_bias && i < n; ++i) biased[i] += bias[i];
          const T max = *std::max_element(biased.begin(), biased.end());
          double sum = 0, centred = 0;
          std::vector<double> exponentials, scaled;
          for (const T value : biased) {
            const double difference = static_cast<double>(value) - max;
            exponentials.push_back(std::exp(difference));
            scaled.push_back(0.25 * exponentials.back() - 0.125);
            sum += exponentials.back();
            centred += difference;
          }
          const T* b = has_bias ? bias.data() : nullptr;
          Guarded<T> with(x), without(x);
          const SoftmaxBlock<T> got = k.softmax_block(n, with.data(), b, true);
          CHECK(got.max == max);
          CHECK(std::abs(got.sum - sum) <= tolerance(x) * sum);
          CHECK(std::abs(got.centred - centred) <= tolerance(x) * std::max(1.0, -centred));
          CHECK(relative_difference(with.row(), exponentials) < tolerance(x));
          CHECK(k.softmax_block(n, without.data(), b, false).sum == got.sum);
          CHECK(without.row() == biased);
          CHECK(without.intact());
          k.scale_minus(n, T(0.25), with.data(), T(0.125), with.data());
          CHECK(relative_difference(with.row(), scaled) < tolerance(x));
          CHECK(with.intact());
        }
  const T none = -std::numeric_limits<T>::infinity();
  for (const Kernels<T>& k : available_kernels<T>()) {
    std::vector<T> impossible(9, none);
    const SoftmaxBlock<T> got = k.softmax_block(9, impossible.data(), nullptr, true);
    CHECK(got.max <= std::numeric_limits<T>::lowest());
    CHECK(got.sum == 0);
    CHECK(impossible == std::vector<T>(9));
  }
}

TEST_CASE_TEMPLATE("kernels: weighted_sum and row_dots over rows apart", T, float, double) {
  const std::size_t rows = 5;
  for (const Kernels<T>& k : available_kernels<T>())
    for (const std::size_t n : kSizes) {
      INFO(k.name, ", n ", n);
      const std::size_t ld = n + 3;
      const std::vector<T> x = random_row<T>(rows * ld, 1), weights = random_row<T>(rows, 2);
      const std::vector<T> y = random_row<T>(n, 3);
      std::vector<double> sum(n, 0), dots(rows, 0);
      for (std::size_t r = 0; r < rows; ++r)
        for (std::size_t i = 0; i < n; ++i) {
          sum[i] += static_cast<double>(weights[r]) * x[r * ld + i];
          dots[r] += static_cast<double>(x[r * ld + i]) * y[i];
        }
      Guarded<T> got_sum((std::vector<T>(n))), got_dots((std::vector<T>(rows)));
      k.weighted_sum(rows, n, weights.data(), x.data(), ld, got_sum.data());
      k.row_dots(rows, n, x.data(), ld, y.data(), got_dots.data());
      CHECK(relative_difference(got_sum.row(), sum) < rows * kRounding<T>);
      CHECK(relative_difference(got_dots.row(), dots) < 4 * kRounding<T>);
      CHECK(got_sum.intact());
      CHECK(got_dots.intact());
    }
}

TEST_CASE_TEMPLATE("kernels: additive_score and its backward", T, float, double) {
  const T d_score = T(-0.7);
  for (const Kernels<T>& k : available_kernels<T>())
    for (const std::size_t n : kSizes)
      for (const double range : {1.0, 100.0}) {
        INFO(k.name, ", n ", n, ", range ", range);
        const std::vector<T> q = random_row<T>(n, 1, -range, range);
        const std::vector<T> key = random_row<T>(n, 2), v = random_row<T>(n, 3);
        const std::vector<T> start = random_row<T>(n, 4);
        std::vector<double> d_key = to_double(start), d_v = d_key;
        double score = 0;
        for (std::size_t i = 0; i < n; ++i) {
          const double t = std::tanh(static_cast<double>(q[i]) + key[i]);
          score += v[i] * t;
          d_key[i] += d_score * v[i] * (1 - t * t);
          d_v[i] += d_score * t;
        }
        Guarded<T> dq(start), dk(start), dv(start);
        k.additive_score_backward(n, d_score, q.data(), key.data(), v.data(), dq.data(), dk.data(),
                                  dv.data());
        const double allowed = 16 * kRounding<T> * (range > 1 ? 16 : 1);  // of q + key in T
        CHECK(std::abs(k.additive_score(n, q.data(), key.data(), v.data()) - score) < allowed);
        CHECK(relative_difference(dq.row(), d_key) < allowed);
        CHECK(relative_difference(dk.row(), d_key) < allowed);
        CHECK(relative_difference(dv.row(), d_v) < allowed);
        for (const Guarded<T>* g : {&dq, &dk, &dv}) CHECK(g->intact());
      }
}

template <class T>
std::vector<T> mask_of(const Kernels<T>& k, std::size_t n, std::uint64_t key, std::uint32_t first,
                       T keep) {
  Guarded<T> mask((std::vector<T>(n)));
  k.dropout_mask(n, key, first, keep, mask.data());
  CHECK(mask.intact());
  return mask.row();
}

TEST_CASE_TEMPLATE("kernels: dropout_mask is a function of key and position alone", T, float,
                   double) {
  const std::uint64_t key = 0x0123456789abcdefu;
  const std::vector<T> whole = mask_of(available_kernels<T>()[0], 1000, key, 0, T(0.7));
  for (const Kernels<T>& k : available_kernels<T>()) {
    INFO(k.name);
    CHECK(mask_of(k, 1000, key, 0, T(0.7)) == whole);
    for (const std::size_t cut : {1, 15, 17, 500, 999}) {
      std::vector<T> parts = mask_of(k, cut, key, 0, T(0.7));
      const std::vector<T> rest =
          mask_of(k, 1000 - cut, key, static_cast<std::uint32_t>(cut), T(0.7));
      parts.insert(parts.end(), rest.begin(), rest.end());
      CHECK(parts == whole);
    }
    CHECK(mask_of(k, 1000, key ^ 1, 0, T(0.7)) != whole);
    CHECK(mask_of(k, 1000, key ^ (std::uint64_t{1} << 32), 0, T(0.7)) != whole);
    CHECK(mask_of(k, 1000, key, 1, T(0.7)) != whole);
    CHECK(mask_of(k, 1000, key, 0, T(1)) == std::vector<T>(1000, T(1)));
  }
}

// The share of positions where both rows of 0 and 1 / keep are kept.
template <class T>
double share_kept(const std::vector<T>& a, const std::vector<T>& b) {
  double count = 0;
  for (std::size_t i = 0; i < a.size(); ++i) count += a[i] != 0 && b[i] != 0;
  return count / static_cast<double>(a.size());
}

// Fixed keys; the bounds are 5 standard deviations of a fair coin.
TEST_CASE_TEMPLATE("kernels: dropout_mask keeps the asked share, independently", T, float, double) {
  const std::size_t n = 200000;
  const Kernels<T>& k = kernels<T>();
  for (const double keep : {0.1, 0.5, 0.7, 0.9}) {
    const double bound = 5 * std::sqrt(keep * (1 - keep) / static_cast<double>(n));
    const double pair_bound = 5 * std::sqrt(keep * keep * (1 - keep * keep) / double(n));
    const T p = static_cast<T>(keep);
    const std::vector<T> a = mask_of(k, n, 42, 0, p);
    INFO("keep ", keep);
    for (T v : a)
      if (v != 0 && v != 1 / p) FAIL("a mask holds 0 and 1 / keep; got ", v);
    CHECK(std::abs(share_kept(a, a) - keep) < bound);
    for (const std::uint64_t key : {43ull, 42ull ^ (1ull << 32), 42ull ^ (1ull << 63)}) {
      const std::vector<T> b = mask_of(k, n, key, 0, p);
      CHECK(std::abs(share_kept(b, b) - keep) < bound);
      CHECK(std::abs(share_kept(a, b) - keep * keep) < pair_bound);
    }
    for (const std::uint32_t lag : {1u, 2u, 16u, 256u, 65536u})
      CHECK(std::abs(share_kept(a, mask_of(k, n, 42, lag, p)) - keep * keep) < pair_bound);
  }
}

}  // namespace
}  // namespace babelgrad
