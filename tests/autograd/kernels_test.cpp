// The elementwise kernels, the steps of GRU and LSTM and Adam of every instruction set against
// plain loops.
#include <doctest/doctest.h>

#include "tests/autograd/kernels_helpers.h"

namespace babelgrad {
namespace {

double logistic(double x) { return 1 / (1 + std::exp(-x)); }

TEST_CASE("the table in use is the last that this processor can run") {
  CHECK(std::string(kernels<float>().name) == available_kernels<float>().back().name);
  CHECK(std::string(kernels<double>().name) == available_kernels<double>().back().name);
}

TEST_CASE_TEMPLATE("kernels: tanh and sigmoid, saturation included", T, float, double) {
  for (const Kernels<T>& k : available_kernels<T>())
    for (const std::size_t n : kSizes)
      for (const double range : {0.01, 1.0, 6.0, 100.0, 1e4}) {
        INFO(k.name, ", n ", n, ", |x| <= ", range);
        std::vector<T> x = random_row<T>(n, n, -range, range);
        x.front() = static_cast<T>(range);
        x.back() = static_cast<T>(-range);
        Guarded<T> t(x), s(x);
        k.tanh(n, x.data(), t.data());
        k.sigmoid(n, x.data(), s.data());
        std::vector<double> expected_t, expected_s;
        for (T v : x) expected_t.push_back(std::tanh(static_cast<double>(v)));
        for (T v : x) expected_s.push_back(logistic(static_cast<double>(v)));
        CHECK(relative_difference(t.row(), expected_t) < kRounding<T>);
        CHECK(relative_difference(s.row(), expected_s) < kRounding<T>);
        CHECK(t.intact());
        CHECK(s.intact());
      }
}

TEST_CASE_TEMPLATE("kernels: NaN and infinities come through", T, float, double) {
  const T inf = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
  for (const Kernels<T>& k : available_kernels<T>())
    for (const std::size_t n : kSizes) {
      INFO(k.name, ", n ", n);
      std::vector<T> y(n);
      for (const std::size_t at : {std::size_t{0}, n - 1}) {
        std::vector<T> x(n, T(0.5));
        x[at] = nan;
        k.tanh(n, x.data(), y.data());
        CHECK(std::isnan(y[at]));
        k.sigmoid(n, x.data(), y.data());
        CHECK(std::isnan(y[at]));
        std::vector<T> row = x;
        CHECK(std::isnan(k.softmax_row(n, row.data())));
        CHECK(std::isnan(row[at]));
        CHECK(std::isnan(k.log_sum_exp_row(n, x.data())));
        row = x;
        CHECK(std::isnan(k.softmax_block(n, row.data(), nullptr, true).sum));
        CHECK(std::isnan(k.sum_of_squares(n, x.data())));
      }
      const std::vector<T> up(n, inf), down(n, -inf);
      k.tanh(n, up.data(), y.data());
      CHECK(y == std::vector<T>(n, T(1)));
      k.tanh(n, down.data(), y.data());
      CHECK(y == std::vector<T>(n, T(-1)));
      k.sigmoid(n, up.data(), y.data());
      CHECK(y == std::vector<T>(n, T(1)));
      k.sigmoid(n, down.data(), y.data());
      CHECK(y == std::vector<T>(n, T(0)));
    }
}

TEST_CASE_TEMPLATE("kernels: tanh_backward, sigmoid_backward, add, scale, multiply", T, float,
                   double) {
  for (const Kernels<T>& k : available_kernels<T>())
    for (const std::size_t n : kSizes) {
      INFO(k.name, ", n ", n);
      const std::vector<T> a = random_row<T>(n, 1), b = random_row<T>(n, 2);
      std::vector<double> tanh_b, sigmoid_b, sum, scaled, product;
      for (std::size_t i = 0; i < n; ++i) {
        const double x = a[i], y = b[i];
        tanh_b.push_back(y * (1 - x * x));
        sigmoid_b.push_back(y * x * (1 - x));
        sum.push_back(x + y);
        scaled.push_back(-2.5 * x);
        product.push_back(x * y);
      }
      Guarded<T> t(b), s(b), total(b), times(a), c(a);
      k.tanh_backward(n, a.data(), t.data(), t.data());  // in place
      k.sigmoid_backward(n, a.data(), s.data(), s.data());
      k.add(n, a.data(), total.data());
      k.scale(n, T(-2.5), times.data());
      k.multiply(n, a.data(), b.data(), c.data());
      CHECK(relative_difference(t.row(), tanh_b) < kRounding<T>);
      CHECK(relative_difference(s.row(), sigmoid_b) < kRounding<T>);
      CHECK(relative_difference(total.row(), sum) < kRounding<T>);
      CHECK(relative_difference(times.row(), scaled) < kRounding<T>);
      CHECK(relative_difference(c.row(), product) < kRounding<T>);
      for (const Guarded<T>* g : {&t, &s, &total, &times, &c}) CHECK(g->intact());
    }
}

TEST_CASE_TEMPLATE("kernels: add_to_rows, sum_rows, sum_of_squares", T, float, double) {
  for (const Kernels<T>& k : available_kernels<T>())
    for (const std::size_t n : kSizes) {
      INFO(k.name, ", n ", n);
      const std::size_t rows = 3, ld = n + 2;
      const std::vector<T> bias = random_row<T>(n, 1), start = random_row<T>(n, 2);
      const std::vector<T> dense = random_row<T>(rows * n, 3), wide = random_row<T>(rows * ld, 4);
      std::vector<double> plus(dense.begin(), dense.end()), sums(start.begin(), start.end());
      for (std::size_t i = 0; i < rows * n; ++i) plus[i] += static_cast<double>(bias[i % n]);
      for (std::size_t i = 0; i < rows * n; ++i)
        sums[i % n] += static_cast<double>(wide[i / n * ld + i % n]);
      Guarded<T> x(dense), s(start);
      k.add_to_rows(rows, n, bias.data(), x.data());
      k.sum_rows(rows, n, wide.data(), ld, s.data());
      CHECK(relative_difference(x.row(), plus) < kRounding<T>);
      CHECK(relative_difference(s.row(), sums) < kRounding<T>);
      CHECK(x.intact());
      CHECK(s.intact());
    }
  for (const Kernels<T>& k : available_kernels<T>())
    for (const std::size_t n : {std::size_t{0}, std::size_t{1}, std::size_t{17}, std::size_t{4096},
                                std::size_t{4097}, std::size_t{100003}}) {
      INFO(k.name, ", n ", n);
      const std::vector<T> x = random_row<T>(n, 5);
      long double expected = 0;
      for (T v : x) expected += static_cast<long double>(v) * static_cast<long double>(v);
      const double tolerance = 100 * kRounding<T> * (1 + static_cast<double>(expected));
      CHECK(std::abs(k.sum_of_squares(n, x.data()) - static_cast<double>(expected)) < tolerance);
    }
}

// One row of a GRU step in double: r, z, n, the candidate's hidden side, and the next state.
struct PlainStep {
  std::vector<double> gates, candidate_hidden, next;
  template <class T>
  PlainStep(std::size_t H, const T* gi, const T* gh, const T* bi, const T* bh, const T* h)
      : gates(3 * H), candidate_hidden(H), next(H) {
    for (std::size_t i = 0; i < H; ++i) {
      const auto side = [&](const T* g, const T* b, std::size_t gate) {
        return static_cast<double>(g[gate * H + i]) + static_cast<double>(b[gate * H + i]);
      };
      const double r = logistic(side(gi, bi, 0) + side(gh, bh, 0));
      const double z = logistic(side(gi, bi, 1) + side(gh, bh, 1));
      const double n = std::tanh(side(gi, bi, 2) + r * side(gh, bh, 2));
      gates[i] = r, gates[H + i] = z, gates[2 * H + i] = n;
      candidate_hidden[i] = side(gh, bh, 2);
      next[i] = (1 - z) * n + z * static_cast<double>(h[i]);
    }
  }
};

TEST_CASE_TEMPLATE("kernels: gru_step, padding rows and saturation included", T, float, double) {
  const std::vector<std::int32_t> active{1, 0, 1};
  for (const Kernels<T>& k : available_kernels<T>())
    for (const std::size_t H : kSizes)
      for (const double range : {1.0, 100.0}) {
        INFO(k.name, ", H ", H, ", range ", range);
        const std::vector<T> gi = random_row<T>(9 * H, 1, -range, range);
        const std::vector<T> gh = random_row<T>(9 * H, 2, -range, range);
        const std::vector<T> bi = random_row<T>(3 * H, 3), bh = random_row<T>(3 * H, 4);
        const std::vector<T> h = random_row<T>(3 * H, 5);
        Guarded<T> gates(gi), candidate(std::vector<T>(3 * H)), next(std::vector<T>(3 * H));
        k.gru_step({3, H, active.data(), bi.data(), bh.data(), gates.data(), gh.data(), h.data(),
                    candidate.data(), next.data()});
        for (const std::size_t row : {0, 2}) {
          const PlainStep plain(H, &gi[row * 3 * H], &gh[row * 3 * H], bi.data(), bh.data(),
                                &h[row * H]);
          const auto part = [&](const Guarded<T>& g, std::size_t width) {
            const std::vector<T> all = g.row();
            return std::vector<T>(all.begin() + row * width, all.begin() + (row + 1) * width);
          };
          CHECK(relative_difference(part(gates, 3 * H), plain.gates) < range * kRounding<T>);
          CHECK(relative_difference(part(candidate, H), plain.candidate_hidden) < kRounding<T>);
          CHECK(relative_difference(part(next, H), plain.next) < 2 * range * kRounding<T>);
        }
        const std::vector<T> states = next.row();
        CHECK(std::memcmp(&states[H], &h[H], H * sizeof(T)) == 0);  // carried on
        for (const Guarded<T>* g : {&gates, &candidate, &next}) CHECK(g->intact());
      }
}

TEST_CASE_TEMPLATE("kernels: gru_step_backward, padding rows included", T, float, double) {
  const std::vector<std::int32_t> active{0, 1};
  for (const Kernels<T>& k : available_kernels<T>())
    for (const std::size_t H : kSizes) {
      INFO(k.name, ", H ", H);
      const std::vector<T> saved = random_row<T>(6 * H, 1, 0.1, 0.9);
      const std::vector<T> hidden = random_row<T>(2 * H, 2), h = random_row<T>(2 * H, 3);
      const std::vector<T> grad = random_row<T>(2 * H, 4);
      std::vector<double> d_gates(6 * H), d_gh(6 * H), d_h(grad.begin(), grad.end());
      for (std::size_t i = 0; i < H; ++i) {
        const double r = saved[3 * H + i], z = saved[4 * H + i], n = saved[5 * H + i];
        const double g = grad[H + i], before = h[H + i], c = hidden[H + i];
        const double d_n = g * (1 - z) * (1 - n * n);
        d_gates[3 * H + i] = d_n * c * r * (1 - r);
        d_gates[4 * H + i] = g * (before - n) * z * (1 - z);
        d_gates[5 * H + i] = d_n;
        d_gh[3 * H + i] = d_gates[3 * H + i];
        d_gh[4 * H + i] = d_gates[4 * H + i];
        d_gh[5 * H + i] = d_n * r;
        d_h[H + i] = g * z;
      }
      Guarded<T> gates(saved), gh(std::vector<T>(6 * H)), state(std::vector<T>(2 * H));
      k.gru_step_backward({2, H, active.data(), h.data(), grad.data(), hidden.data(), gates.data(),
                           gh.data(), state.data()});
      CHECK(relative_difference(gates.row(), d_gates) < kRounding<T>);
      CHECK(relative_difference(gh.row(), d_gh) < kRounding<T>);
      CHECK(relative_difference(state.row(), d_h) < kRounding<T>);
      for (const Guarded<T>* g : {&gates, &gh, &state}) CHECK(g->intact());
    }
}

TEST_CASE_TEMPLATE("kernels: lstm_step, padding rows and saturation included", T, float, double) {
  const std::vector<std::int32_t> active{1, 0};
  for (const Kernels<T>& k : available_kernels<T>())
    for (const std::size_t H : kSizes)
      for (const double range : {1.0, 100.0}) {
        INFO(k.name, ", H ", H, ", range ", range);
        const std::vector<T> in = random_row<T>(8 * H, 1, -range, range);
        const std::vector<T> bi = random_row<T>(4 * H, 2), bh = random_row<T>(4 * H, 3);
        const std::vector<T> h = random_row<T>(2 * H, 4), c = random_row<T>(2 * H, 5);
        std::vector<double> plain_gates(in.begin(), in.end()), plain_h(h.begin(), h.end()),
            plain_c(c.begin(), c.end());  // of the second row: carried on
        for (std::size_t i = 0; i < H; ++i) {
          const auto gate = [&](std::size_t g) {
            const std::size_t at = g * H + i;
            const double x = double(in[at]) + double(bi[at]) + double(bh[at]);
            return plain_gates[at] = g == 2 ? std::tanh(x) : logistic(x);
          };
          const double input = gate(0), forget = gate(1), candidate = gate(2), output = gate(3);
          plain_c[i] = forget * double(c[i]) + input * candidate;
          plain_h[i] = output * std::tanh(plain_c[i]);
        }
        Guarded<T> gates(in), next_h(std::vector<T>(2 * H)), next_c(std::vector<T>(2 * H));
        k.lstm_step({2, H, active.data(), bi.data(), bh.data(), gates.data(), h.data(), c.data(),
                     next_h.data(), next_c.data()});
        CHECK(relative_difference(gates.row(), plain_gates) < range * kRounding<T>);
        CHECK(relative_difference(next_h.row(), plain_h) < 2 * range * kRounding<T>);
        CHECK(relative_difference(next_c.row(), plain_c) < 2 * range * kRounding<T>);
        for (const Guarded<T>* g : {&gates, &next_h, &next_c}) CHECK(g->intact());
      }
}

TEST_CASE_TEMPLATE("kernels: lstm_step_backward, padding rows included", T, float, double) {
  const std::vector<std::int32_t> active{0, 1};
  for (const Kernels<T>& k : available_kernels<T>())
    for (const std::size_t H : kSizes) {
      INFO(k.name, ", H ", H);
      const std::vector<T> saved = random_row<T>(8 * H, 1, 0.1, 0.9);
      const std::vector<T> before = random_row<T>(2 * H, 2), after = random_row<T>(2 * H, 3);
      const std::vector<T> dh = random_row<T>(2 * H, 4), dc = random_row<T>(2 * H, 5);
      std::vector<double> d_gates(8 * H), d_cell(dc.begin(), dc.end()), d_state(2 * H);
      for (std::size_t i = 0; i < H; ++i) {
        const double in = saved[4 * H + i], f = saved[5 * H + i], g = saved[6 * H + i];
        const double o = saved[7 * H + i], t = std::tanh(double(after[H + i]));
        const double grad = dh[H + i], d = double(dc[H + i]) + grad * o * (1 - t * t);
        d_gates[4 * H + i] = d * g * in * (1 - in);
        d_gates[5 * H + i] = d * double(before[H + i]) * f * (1 - f);
        d_gates[6 * H + i] = d * in * (1 - g * g);
        d_gates[7 * H + i] = grad * t * o * (1 - o);
        d_cell[H + i] = d * f;
        d_state[i] = dh[i];  // of the first row: carried on
      }
      Guarded<T> gates(saved), cell(dc), state(std::vector<T>(2 * H));
      k.lstm_step_backward({2, H, active.data(), before.data(), after.data(), dh.data(),
                            gates.data(), cell.data(), state.data()});
      CHECK(relative_difference(gates.row(), d_gates) < kRounding<T>);
      CHECK(relative_difference(cell.row(), d_cell) < kRounding<T>);
      CHECK(relative_difference(state.row(), d_state) < kRounding<T>);
      for (const Guarded<T>* g : {&gates, &cell, &state}) CHECK(g->intact());
    }
}

TEST_CASE_TEMPLATE("kernels: adam", T, float, double) {
  const AdamStep<T> s{T(0.01), T(0.9), T(0.98), T(3), T(1e-8), T(0.5), T(0.1), T(0.99)};
  for (const Kernels<T>& k : available_kernels<T>())
    for (const std::size_t n : kSizes) {
      INFO(k.name, ", n ", n);
      const std::vector<T> g = random_row<T>(n, 1), p = random_row<T>(n, 2);
      const std::vector<T> m = random_row<T>(n, 3), v = random_row<T>(n, 4, 0.1, 1);
      std::vector<double> new_p, new_m, new_v;
      for (std::size_t i = 0; i < n; ++i) {
        const double parameter = p[i], gradient = s.gradient_scale * g[i] + s.l2 * parameter;
        new_m.push_back(s.beta1 * m[i] + (1 - s.beta1) * gradient);
        new_v.push_back(s.beta2 * v[i] + (1 - s.beta2) * gradient * gradient);
        const double denominator = std::sqrt(new_v[i]) * s.inv_sqrt_correction + s.epsilon;
        new_p.push_back(s.decay * parameter - s.step_size * new_m[i] / denominator);
      }
      Guarded<T> parameter(p), moment1(m), moment2(v);
      k.adam(n, s, g.data(), parameter.data(), moment1.data(), moment2.data());
      CHECK(relative_difference(parameter.row(), new_p) < kRounding<T>);
      CHECK(relative_difference(moment1.row(), new_m) < kRounding<T>);
      CHECK(relative_difference(moment2.row(), new_v) < kRounding<T>);
      for (const Guarded<T>* x : {&parameter, &moment1, &moment2}) CHECK(x->intact());
    }
}

}  // namespace
}  // namespace babelgrad
