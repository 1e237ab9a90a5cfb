// Products in int8: the rounding, every set of instructions against plain loops, bit by bit, and
// what products do in that mode.
#include <doctest/doctest.h>

#include <cmath>
#include <random>

#include "babelgrad/autograd/array_ops.h"
#include "babelgrad/autograd/backward.h"
#include "babelgrad/autograd/kernels/int8.h"
#include "babelgrad/autograd/modes.h"
#include "babelgrad/autograd/ops.h"
#include "babelgrad/autograd/products/gemm.h"
#include "babelgrad/autograd/products/packed_weights.h"
#include "babelgrad/autograd/random.h"
#include "tests/autograd/kernels_helpers.h"

namespace babelgrad {
namespace {

// What a vector is packed as, in whole numbers.
struct Quantized {
  float scale = 0;
  std::vector<int> numbers;

  explicit Quantized(const std::vector<float>& x) {
    float most = 0;
    for (const float v : x) most = std::max(most, std::abs(v));
    scale = most / 127;
    for (const float v : x)
      numbers.push_back(most > 0 ? static_cast<int>(std::nearbyint(v * (127 / most))) : 0);
  }
};

struct Packed {
  std::vector<std::uint32_t> words;
  std::vector<float> scales;

  Packed(const int8::Kernels& kernel, const Factor& factor, Side side)
      : words(int8::packed_words(factor.vectors, factor.depth) + 1, 0xabcdef01),
        scales(factor.vectors + 1, -7) {
    kernel.pack(factor, side, words.data(), scales.data());
    CHECK(words.back() == 0xabcdef01);
    CHECK(scales.back() == -7);
  }
};

std::vector<float> drawn_values(std::size_t count, std::uint64_t seed) {
  const Array<float> values = random_array<float>({count}, static_cast<unsigned>(seed));
  return {values.begin(), values.end()};
}

TEST_CASE("int8: every kernel packs alike, from rows and from columns") {
  for (const std::size_t vectors : {1, 15, 16, 17, 40})
    for (const std::size_t depth : {1, 3, 63, 64, 65, 130}) {
      const std::vector<float> x = drawn_values(std::max(vectors, depth) * 135, vectors + depth);
      for (const bool rows : {true, false})
        for (const Side side : {Side::left, Side::right}) {
          INFO("vectors ", vectors, ", depth ", depth, ", rows ", rows);
          const Factor factor{vectors, depth, x.data(), 135, rows};
          const Packed want(int8::available_kernels().back(), factor, side);
          for (const int8::Kernels& kernel : int8::available_kernels()) {
            INFO(kernel.name);
            const Packed got(kernel, factor, side);
            CHECK(got.words == want.words);
            CHECK(got.scales == want.scales);
          }
        }
    }
}

TEST_CASE("int8: every kernel multiplies as plain loops over whole numbers do, bit by bit") {
  const std::size_t ld = 110;
  for (const std::size_t m : {1, 5, 9, 16, 17, 32, 33, 70})
    for (const std::size_t n : {1, 16, 20, 32, 48, 100})
      for (const std::size_t depth : {1, 64, 100, 600}) {
        const std::vector<float> a = drawn_values(m * depth, m),
                                 b = drawn_values(n * depth, 90 + n);
        const std::vector<float> c = drawn_values(m * ld, depth);
        std::vector<Quantized> rows, cols;
        const auto row = [&](const std::vector<float>& x, std::size_t r) {
          return std::vector<float>(x.begin() + static_cast<std::ptrdiff_t>(r * depth),
                                    x.begin() + static_cast<std::ptrdiff_t>((r + 1) * depth));
        };
        for (std::size_t r = 0; r < m; ++r) rows.emplace_back(row(a, r));
        for (std::size_t j = 0; j < n; ++j) cols.emplace_back(row(b, j));
        for (const bool add : {false, true})
          for (const int8::Kernels& kernel : int8::available_kernels()) {
            INFO(kernel.name, ", m ", m, ", n ", n, ", depth ", depth, ", add ", add);
            const Packed left(kernel, {m, depth, a.data(), depth, true}, Side::left);
            const Packed right(kernel, {n, depth, b.data(), depth, true}, Side::right);
            std::vector<float> got = c;
            if (!add)  // it is not read
              for (std::size_t r = 0; r < m; ++r)
                std::fill_n(got.begin() + static_cast<std::ptrdiff_t>(r * ld), n,
                            std::numeric_limits<float>::quiet_NaN());
            kernel.multiply(m, n, depth, left.words.data(), left.scales.data(), right.words.data(),
                            right.scales.data(), add, got.data(), ld);
            bool same = true;
            for (std::size_t r = 0; r < m; ++r)
              for (std::size_t j = 0; j < ld; ++j) {
                float want = c[r * ld + j];
                if (j < n) {
                  int sum = 0;
                  for (std::size_t i = 0; i < depth; ++i)
                    sum += rows[r].numbers[i] * cols[j].numbers[i];
                  // Two statements: a compiler may not make one operation of them.
                  const volatile float product =
                      static_cast<float>(sum) * (rows[r].scale * cols[j].scale);
                  want = add ? want + product : product;
                }
                same = same && got[r * ld + j] == want;
              }
            CHECK(same);
          }
      }
}

TEST_CASE("int8: a row of zeros, of the smallest numbers, of no numbers; a product over nothing") {
  for (const int8::Kernels& kernel : int8::available_kernels()) {
    INFO(kernel.name);
    std::vector<float> a(4 * 70, 1.0f), c(4 * 2, 5.0f);
    const std::vector<float> b(2 * 70, 0.5f);
    std::fill_n(a.begin(), 70, 0.0f);
    std::fill_n(a.begin() + 70, 70, std::numeric_limits<float>::denorm_min());
    a[2 * 70 + 3] = std::nanf("");
    a[3 * 70 + 69] = std::numeric_limits<float>::infinity();
    const Packed left(kernel, {4, 70, a.data(), 70, true}, Side::left);
    const Packed right(kernel, {2, 70, b.data(), 70, true}, Side::right);
    kernel.multiply(4, 2, 70, left.words.data(), left.scales.data(), right.words.data(),
                    right.scales.data(), false, c.data(), 2);
    for (std::size_t j = 0; j < 2; ++j) {
      CHECK(c[j] == 0);
      CHECK(c[2 + j] == 0);
      CHECK(std::isnan(c[4 + j]));
      CHECK(!std::isfinite(c[6 + j]));
    }
    const std::vector<float> scales(4, 1.0f);
    kernel.multiply(4, 2, 0, nullptr, scales.data(), nullptr, scales.data(), false, c.data(), 2);
    CHECK(c == std::vector<float>(8));
  }
}

TEST_CASE("int8: the largest sums fit") {
  const std::size_t depth = int8::kMostDepth;
  const std::vector<float> ones(depth, 1.0f);
  for (const int8::Kernels& kernel : int8::available_kernels()) {
    INFO(kernel.name);
    const Packed left(kernel, {1, depth, ones.data(), depth, true}, Side::left);
    const Packed right(kernel, {1, depth, ones.data(), depth, true}, Side::right);
    float sum = 0;
    kernel.multiply(1, 1, depth, left.words.data(), left.scales.data(), right.words.data(),
                    right.scales.data(), false, &sum, 1);
    CHECK(sum == doctest::Approx(depth));
  }
}

TEST_CASE("MatmulPrecision int8: products by shared parameters, without history; no others") {
  Random random(3);
  const Tensor<float> weight(normal<float>({60, 80}, random), kRequiresGrad);
  const Tensor<float> x(normal<float>({64, 80}, random)), other(normal<float>({60, 80}, random));
  PackedWeights weights({weight});
  const Array<float> exact = linear(x, weight).value(), exact_other = linear(x, other).value();
  const MatmulPrecision precision(Precision::int8);
  const SharePackedWeights share(weights);
  CHECK(max_difference(linear(x, weight).value(), exact) == 0);  // records a history
  const NoGrad no_grad;
  const Array<float> rounded = linear(x, weight).value();
  CHECK(max_difference(rounded, exact) > 1e-3);
  CHECK(max_difference(rounded, exact) < 0.5);  // of sums of 80 products, about 9
  CHECK(max_difference(linear(x, other).value(), exact_other) == 0);
  const double before = gemm_flops();
  CHECK(max_difference(linear(slice(x, 0, 5, 6), weight).value(), slice(rounded, 0, 5, 6)) == 0);
  CHECK(gemm_flops() - before == 2.0 * 60 * 80);
}

TEST_CASE("PackedFactor: of stored numbers what packing made; PackedWeights takes it") {
  for (const std::size_t rows : {1, 16, 37})
    for (const std::size_t cols : {3, 64, 150}) {
      Random random(rows + cols);
      const Array<float> matrix = normal<float>({rows, cols}, random);
      const QuantizedRows stored = quantize_rows(matrix);
      const QuantizedView view{stored.numbers.data(), cols, stored.scales.alias()};
      for (const Side side : {Side::left, Side::right}) {
        const PackedFactor want(Precision::int8, {rows, cols, matrix.data(), cols, true}, side);
        const PackedFactor got(view, side);
        CHECK(std::equal(want.words(), want.words() + int8::packed_words(rows, cols), got.words()));
        CHECK(std::equal(want.scales(), want.scales() + rows, got.scales()));
      }
      Array<float> widened = uninitialized<float>({rows, cols});
      dequantize_rows(view, widened.data());
      Tensor<float> weight(std::move(widened), kRequiresGrad);
      const Tensor<float> x(normal<float>({20, cols}, random));
      PackedWeights weights({weight}), found({weight});
      weights.put(0, std::make_unique<PackedFactor>(view, Side::right));
      const MatmulPrecision precision(Precision::int8);
      const NoGrad no_grad;
      const auto product = [&](PackedWeights& by) {
        const SharePackedWeights share(by);
        return linear(x, weight).value();
      };
      CHECK(max_difference(product(weights), product(found)) < 1e-5);  // scales are rounded anew
      weight.mutable_value() *= 2.0f;
      CHECK(max_difference(product(weights), product(found)) < 1e-5);
    }
}

TEST_CASE("MatmulPrecision int8: what is differentiated is in float32, value and gradient") {
  Random random(4);
  const Tensor<float> weight(normal<float>({60, 80}, random), kRequiresGrad);
  const Tensor<float> x(normal<float>({64, 80}, random), kRequiresGrad);
  const auto loss = [](const Tensor<float>& y) { return sum(square(y)); };
  const auto layer = [](const std::vector<Tensor<float>>& in) { return linear(in[0], in[1]); };
  const Tensor<float> y = linear(x, weight);
  const std::vector<Array<float>> exact = gradients(loss(y), {x, weight}, {.retain_graph = true});
  PackedWeights weights({weight});
  const MatmulPrecision precision(Precision::int8);
  const SharePackedWeights share(weights);
  const Tensor<float> again = checkpoint(layer, {x, weight});
  CHECK(max_difference(again.value(), y.value()) == 0);
  CHECK(max_difference(gradients(loss(again), {x, weight})[0], exact[0]) == 0);
  const Tensor<float> recorded = loss(y);
  const NoGrad no_grad;
  CHECK(max_difference(gradients(recorded, {x, weight})[0], exact[0]) == 0);
}

}  // namespace
}  // namespace babelgrad
