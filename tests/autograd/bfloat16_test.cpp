// Products in bfloat16: the rounding bit by bit, every set of instructions against plain loops, and
// what products do in that mode.
#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <random>

#include "babelgrad/autograd/array_ops.h"
#include "babelgrad/autograd/backward.h"
#include "babelgrad/autograd/derivatives.h"
#include "babelgrad/autograd/kernels/bfloat16.h"
#include "babelgrad/autograd/modes.h"
#include "babelgrad/autograd/ops.h"
#include "babelgrad/autograd/ops/cross_entropy.h"
#include "babelgrad/autograd/products/output_products.h"
#include "babelgrad/autograd/products/packed_matrix.h"
#include "babelgrad/autograd/random.h"

namespace babelgrad {
namespace {

// To nearest even, in double: a bfloat16 has 8 significant bits.
float nearest(float x) {
  if (x == 0 || !std::isfinite(x)) return x;
  if (std::abs(x) < std::numeric_limits<float>::min()) return std::copysign(0.0f, x);
  int exponent = 0;
  const double mantissa = std::frexp(static_cast<double>(x), &exponent);
  return static_cast<float>(std::ldexp(std::nearbyint(std::ldexp(mantissa, 8)), exponent - 8));
}

std::vector<float> random_values(std::size_t count, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<float> values(count);
  for (float& x : values) x = std::normal_distribution<float>()(random);
  return values;
}

// One value of a packed factor of one vector, as 16 bits.
std::uint32_t packed_bits(const bfloat16::Kernels& kernel, float x) {
  std::vector<std::uint32_t> words(bfloat16::packed_words(1, 1));
  kernel.pack({1, 1, &x, 1, true}, Side::left, words.data());
  return words[0];
}

TEST_CASE("bfloat16: every kernel rounds to nearest even, bit by bit") {
  std::mt19937 random(1);
  std::vector<float> values{0.0f,
                            -0.0f,
                            1.0f,
                            1.00390625f,
                            1.01171875f,
                            -1.00390625f,
                            3.4e38f,
                            std::numeric_limits<float>::max(),
                            std::numeric_limits<float>::min(),
                            std::numeric_limits<float>::denorm_min(),
                            -1e-39f,
                            std::numeric_limits<float>::infinity(),
                            -std::numeric_limits<float>::infinity()};
  for (int i = 0; i < 2000; ++i) {
    const auto x = std::bit_cast<float>(static_cast<std::uint32_t>(random()));
    if (!std::isnan(x)) values.push_back(x);
  }
  for (const bfloat16::Kernels& kernel : bfloat16::available_kernels()) {
    CAPTURE(kernel.name);
    for (const float x : values) {
      CAPTURE(x);
      CHECK(packed_bits(kernel, x) == std::bit_cast<std::uint32_t>(nearest(x)) >> 16);
    }
    CHECK(std::isnan(std::bit_cast<float>(packed_bits(kernel, std::nanf("1")) << 16)));
  }
}

TEST_CASE("bfloat16: every kernel packs alike, from rows and from columns") {
  for (const std::size_t vectors : {1, 15, 16, 17, 40})
    for (const std::size_t depth : {1, 2, 15, 17, 31, 32, 33, 70}) {
      const std::size_t size = std::max(vectors, depth) * 75;
      const std::vector<float> x = random_values(size, vectors * 100 + depth);
      for (const bool rows : {true, false})
        for (const Side side : {Side::left, Side::right}) {
          CAPTURE(vectors);
          CAPTURE(depth);
          CAPTURE(rows);
          const Factor factor{vectors, depth, x.data(), 75, rows};
          const std::size_t words = bfloat16::packed_words(vectors, depth);
          std::vector<std::uint32_t> want(words);
          bfloat16::available_kernels().back().pack(factor, side, want.data());
          for (const bfloat16::Kernels& kernel : bfloat16::available_kernels()) {
            CAPTURE(kernel.name);
            std::vector<std::uint32_t> got(words + 1, 0xabcdef01);
            kernel.pack(factor, side, got.data());
            CHECK(got.back() == 0xabcdef01);
            got.pop_back();
            CHECK(got == want);
          }
        }
    }
}

TEST_CASE("bfloat16: every kernel multiplies as plain loops over rounded factors do") {
  const std::size_t ld = 110;
  for (const std::size_t m : {1, 5, 16, 17, 32, 33, 70})
    for (const std::size_t n : {1, 16, 20, 32, 48, 100})
      for (const std::size_t depth : {1, 31, 64, 600}) {
        const std::vector<float> a = random_values(m * depth, m), b = random_values(n * depth, n);
        const std::vector<float> c = random_values(m * ld, depth);
        for (const bool add : {false, true})
          for (const bfloat16::Kernels& kernel : bfloat16::available_kernels()) {
            INFO(kernel.name, ", m ", m, ", n ", n, ", depth ", depth, ", add ", add);
            std::vector<std::uint32_t> left(bfloat16::packed_words(m, depth)),
                right(bfloat16::packed_words(n, depth));
            kernel.pack({m, depth, a.data(), depth, true}, Side::left, left.data());
            kernel.pack({n, depth, b.data(), depth, true}, Side::right, right.data());
            std::vector<float> got = c;
            if (!add)  // it is not read
              for (std::size_t r = 0; r < m; ++r)
                std::fill_n(got.begin() + r * ld, n, std::numeric_limits<float>::quiet_NaN());
            kernel.multiply(m, n, depth, left.data(), right.data(), add, got.data(), ld);
            double worst = 0;
            bool intact = true;
            for (std::size_t r = 0; r < m; ++r)
              for (std::size_t j = 0; j < ld; ++j) {
                if (j >= n) {
                  intact = intact && got[r * ld + j] == c[r * ld + j];
                  continue;
                }
                double sum = add ? c[r * ld + j] : 0, size = std::abs(sum);
                for (std::size_t i = 0; i < depth; ++i) {
                  const double term =
                      static_cast<double>(nearest(a[r * depth + i])) * nearest(b[j * depth + i]);
                  sum += term;
                  size += std::abs(term);
                }
                worst = std::max(worst, std::abs(got[r * ld + j] - sum) / size);
              }
            CHECK(intact);
            CHECK(worst < 2e-6);  // rounding of the sum: at most depth x 2^-24, and it averages out
          }
      }
}

TEST_CASE("bfloat16: a product over nothing is zero") {
  for (const bfloat16::Kernels& kernel : bfloat16::available_kernels()) {
    std::vector<float> c(6, std::numeric_limits<float>::quiet_NaN());
    kernel.multiply(2, 3, 0, nullptr, nullptr, false, c.data(), 3);
    CHECK(c == std::vector<float>(6));
    c.assign(6, 2.0f);
    kernel.multiply(2, 3, 0, nullptr, nullptr, true, c.data(), 3);
    CHECK(c == std::vector<float>(6, 2.0f));
  }
}

TEST_CASE("bfloat16: an element has the same bits in a product of any size") {
  const std::size_t m = 50, n = 70, depth = 700;
  const std::vector<float> a = random_values(m * depth, 1), b = random_values(n * depth, 2);
  for (const bfloat16::Kernels& kernel : bfloat16::available_kernels()) {
    CAPTURE(kernel.name);
    const auto product = [&](std::size_t row, std::size_t rows, std::size_t col, std::size_t cols) {
      std::vector<std::uint32_t> left(bfloat16::packed_words(rows, depth)),
          right(bfloat16::packed_words(cols, depth));
      kernel.pack({rows, depth, a.data() + row * depth, depth, true}, Side::left, left.data());
      kernel.pack({cols, depth, b.data() + col * depth, depth, true}, Side::right, right.data());
      std::vector<float> c(rows * cols, 0.5f);
      kernel.multiply(rows, cols, depth, left.data(), right.data(), true, c.data(), cols);
      return c;
    };
    const std::vector<float> whole = product(0, m, 0, n);
    const std::vector<float> part = product(37, 9, 11, 21);
    for (std::size_t r = 0; r < 9; ++r)
      for (std::size_t j = 0; j < 21; ++j) CHECK(part[r * 21 + j] == whole[(37 + r) * n + 11 + j]);
  }
}

// |x - y| beside the largest of |y|.
double distance(const Array<float>& x, const Array<float>& y) {
  double most = 0, size = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    most = std::max(most, std::abs(static_cast<double>(x.data()[i]) - y.data()[i]));
    size = std::max(size, std::abs(static_cast<double>(y.data()[i])));
  }
  return most / size;
}

TEST_CASE("MatmulPrecision: large products round their factors, small ones do not") {
  Random random(1);
  const Array<float> a = normal<float>({64, 128}, random), b = normal<float>({128, 80}, random);
  const auto product = [&] { return matmul(Tensor<float>(a), Tensor<float>(b)).value(); };
  const Array<float> in_float = product();
  const MatmulPrecision precision(Precision::bfloat16);
  const Array<float> in_bfloat16 = product();
  CHECK(distance(in_bfloat16, in_float) > 1e-5);
  CHECK(distance(in_bfloat16, in_float) < 1e-2);
  {
    const MatmulPrecision exact(Precision::float32);
    CHECK(distance(product(), in_float) == 0);
  }
  const Tensor<float> few(normal<float>({8, 128}, random)), many(b);
  const Array<float> rounded = matmul(few, many).value();
  const MatmulPrecision exact(Precision::float32);
  CHECK(distance(rounded, matmul(few, many).value()) == 0);
}

TEST_CASE("PackedMatrix: in bfloat16, either orientation, any number of rows, added or not") {
  const std::size_t k = 96, n = 50, ld = 100;
  const std::vector<float> weight = random_values(ld * ld, 1), a = random_values(40 * ld, 2);
  for (const Transpose transpose : {Transpose::no, Transpose::yes})
    for (const std::size_t m : {1, 7, 40})
      for (const float beta : {0.0f, 1.0f, -0.5f}) {
        std::vector<float> want = random_values(m * ld, 3), got = want;
        PackedMatrix<float>(transpose, k, n, weight.data(), ld)
            .multiply(m, a.data(), ld, beta, want.data(), ld);
        const MatmulPrecision precision(Precision::bfloat16);
        const double before = gemm_flops();
        PackedMatrix<float>(transpose, k, n, weight.data(), ld)
            .multiply(m, a.data(), ld, beta, got.data(), ld);
        CHECK(gemm_flops() - before == 2.0 * static_cast<double>(m * n * k));
        double most = 0;
        for (std::size_t i = 0; i < want.size(); ++i)
          most = std::max(most, std::abs(static_cast<double>(want[i]) - got[i]));
        CHECK(most > 1e-4);
        CHECK(most < 0.2);  // of sums of 96 products, about 10
      }
}

TEST_CASE("PackedWeights: the same products; a changed parameter is packed anew") {
  Random random(5);
  Tensor<float> weight(normal<float>({300, 80}, random), kRequiresGrad);
  const Tensor<float> x(normal<float>({64, 80}, random), kRequiresGrad),
      other(normal<float>({300, 80}, random));
  PackedWeights weights({weight});
  const MatmulPrecision precision(Precision::bfloat16);
  const auto run = [&](const Tensor<float>& w) {
    const Tensor<float> y = linear(x, w);
    const Array<float> dx = gradients(sum(square(y)), {x})[0];
    std::vector<float> bits(y.value().begin(), y.value().end());
    bits.insert(bits.end(), dx.begin(), dx.end());
    return bits;
  };
  const auto shared = [&](const Tensor<float>& w) {
    const SharePackedWeights share(weights);
    return run(w);
  };
  CHECK((shared(weight) == run(weight)));
  CHECK((shared(weight) == run(weight)));
  CHECK((shared(other) == run(other)));
  const auto before = run(weight);
  weight.mutable_value() *= 2.0f;
  CHECK((shared(weight) == run(weight)));
  CHECK_FALSE((run(weight) == before));
  float* values = weight.mutable_value().data();
  CHECK((shared(weight) == run(weight)));
  values[299 * 80 + 7] = values[0] = 5;  // without a new version
  CHECK_FALSE((shared(weight) == run(weight)));
  std::size_t parts = 0;
  weights.repack([&](std::size_t count, const PackedWeights::Task& task) {
    for (parts = count; count-- > 0;) task(count);
  });
  CHECK(parts > 2);  // two factors, not each at once
  CHECK((shared(weight) == run(weight)));
}

TEST_CASE("OutputProducts: in chunks and blocks what three products give") {
  const std::size_t V = 1100, K = 40, rows = 150, chunk = 64;
  const std::vector<float> x = random_values(rows * K, 1), weight = random_values(V * K, 2),
                           dy = random_values(rows * V, 3);
  const MatmulPrecision precision(Precision::bfloat16);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  std::vector<float> y(rows * V), dx(rows * K), dweight(V * K), got_y(rows * V, nan),
      got_dx(rows * K, nan), got_dweight(V * K, nan);
  const double before = gemm_flops();
  gemm<float>(Transpose::no, Transpose::yes, rows, V, K, 1, x.data(), K, weight.data(), K, 0,
              y.data(), V);
  gemm<float>(Transpose::no, Transpose::no, rows, K, V, 1, dy.data(), V, weight.data(), K, 0,
              dx.data(), K);
  gemm<float>(Transpose::yes, Transpose::no, V, K, rows, 1, dy.data(), V, x.data(), K, 0,
              dweight.data(), K);
  const double flops = gemm_flops() - before;
  OutputProducts<float> products(V, K, weight.data(), chunk, true);
  CHECK(products.block() < V);
  for (std::size_t r = 0; r < rows; r += chunk) {
    products.start(std::min(chunk, rows - r), x.data() + r * K);
    for (std::size_t v = 0; v < V; v += products.block())
      products.forward(v, got_y.data() + r * V + v, V);
    for (std::size_t v = 0; v < V; v += products.block())
      products.backward(v, dy.data() + r * V + v, V, got_dx.data() + r * K, got_dweight.data());
  }
  CHECK(gemm_flops() - before == 2 * flops);
  CHECK(got_y == y);
  const auto furthest = [](const std::vector<float>& got, const std::vector<float>& want) {
    double most = 0;
    for (std::size_t i = 0; i < want.size(); ++i) {
      if (std::isnan(got[i])) return got[i] + 0.0;
      most = std::max(most, std::abs(static_cast<double>(got[i]) - want[i]));
    }
    return most;
  };
  CHECK(furthest(got_dx, dx) < 5e-4);  // sums of 1,100 products of about 1, in another order
  CHECK(furthest(got_dweight, dweight) < 2e-4);
}

TEST_CASE_TEMPLATE("CrossEntropyRow: the same in one block and in several", T, float, double) {
  const std::size_t V = 700;
  const T none = -std::numeric_limits<T>::infinity();
  for (const std::size_t target : {5, 310, 699})
    for (const T smoothing : {T(0), T(0.1)})
      for (const bool masked : {false, true}) {
        if (masked && smoothing > 0) continue;  // infinite
        Random random(target);
        const Array<T> logits = normal<T>({V}, random) * T(8), bias = normal<T>({V}, random);
        std::vector<T> x(logits.begin(), logits.end());
        if (masked) std::fill_n(x.begin() + 100, 100, none);
        const auto run = [&](const std::vector<std::size_t>& sizes) {
          std::vector<typename CrossEntropyRow<T>::Block> blocks(sizes.size());
          CrossEntropyRow<T> row(V, smoothing, blocks.data());
          std::vector<T> y = x;
          row.start(target);
          std::size_t begin = 0;
          for (const std::size_t n : sizes) {
            row.add(n, y.data() + begin, bias.data() + begin, true);
            begin += n;
          }
          std::vector<T> result{row.loss()};
          result.resize(1 + V);
          begin = 0;
          for (std::size_t b = 0; b < sizes.size(); begin += sizes[b++])
            row.gradient(b, T(0.5), y.data() + begin, result.data() + 1 + begin);
          return result;
        };
        const std::vector<T> whole = run({700}), parts = run({100, 100, 1, 300, 199});
        CHECK(std::isfinite(whole[0]));
        CHECK(std::abs(whole[0] - parts[0]) < 40 * std::numeric_limits<T>::epsilon());
        for (std::size_t i = 1; i <= V; ++i)
          CHECK(std::abs(whole[i] - parts[i]) < 4 * std::numeric_limits<T>::epsilon());
      }
}

TEST_CASE("linear_cross_entropy: in bfloat16, in chunks and blocks, as composed") {
  Random random(8);
  const std::size_t V = 1100, K = 48, rows = 150;
  const Tensor<float> x(normal<float>({rows, K}, random), kRequiresGrad),
      weight(normal<float>({V, K}, random) * 0.2f, kRequiresGrad),
      bias(normal<float>({V}, random), kRequiresGrad);
  IntArray targets = uninitialized<std::int32_t>({rows});
  for (std::size_t i = 0; i < rows; ++i)
    targets.data()[i] = i % 9 == 0 ? -1 : static_cast<int>(i * 37 % V);
  const CrossEntropyOptions options{.ignore_index = -1, .label_smoothing = 0.1};
  const MatmulPrecision precision(Precision::bfloat16);
  const Tensor<float> fused = linear_cross_entropy(x, weight, bias, targets, options),
                      composed = cross_entropy(linear(x, weight, bias), targets, options);
  CHECK(std::abs(fused.item() - composed.item()) < 1e-5f);
  const std::vector<Tensor<float>> leaves{x, weight, bias};
  const auto got = gradients(fused, leaves), want = gradients(composed, leaves);
  for (std::size_t i = 0; i < leaves.size(); ++i)  // some logits' gradients round to a neighbour
    CHECK(distance(got[i], want[i]) < 1e-3);
}

TEST_CASE("MatmulPrecision: gradients of every fused recurrence and loss stay near float's") {
  Random random(3);
  const std::size_t T = 6, B = 24, E = 40, H = 48;
  const auto leaf = [&](const Shape& shape, float scale) {
    return Tensor<float>(normal<float>(shape, random) * scale, kRequiresGrad);
  };
  const Tensor<float> x = leaf({T, B, E}, 1), w_ih = leaf({3 * H, E}, 0.15f),
                      w_hh = leaf({3 * H, H}, 0.15f), b_ih = leaf({3 * H}, 0.1f),
                      b_hh = leaf({3 * H}, 0.1f), out = leaf({200, H}, 0.2f);
  IntArray targets = uninitialized<std::int32_t>({T, B});
  for (std::size_t i = 0; i < targets.size(); ++i)
    targets.data()[i] = static_cast<int>(i * 7 % 200);
  const auto run = [&](Precision precision) {
    const MatmulPrecision guard(precision);
    const Tensor<float> states = gru(x, Tensor<float>(), {w_ih, w_hh, b_ih, b_hh});
    return gradients(linear_cross_entropy(states, out, Tensor<float>(), targets),
                     {x, w_ih, w_hh, b_ih, b_hh, out});
  };
  const std::vector<Array<float>> exact = run(Precision::float32);
  const std::vector<Array<float>> rounded = run(Precision::bfloat16);
  for (std::size_t i = 0; i < exact.size(); ++i) {
    CAPTURE(i);
    CHECK(distance(rounded[i], exact[i]) > 1e-5);
    CHECK(distance(rounded[i], exact[i]) < 0.02);  // 2^-8 a factor, over two products and six steps
  }
}

}  // namespace
}  // namespace babelgrad
