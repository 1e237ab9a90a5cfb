// bench/ops: convolutions beside their products alone, and what moves windows beside a copy. Sizes
// are those of a middle layer of a small network for pictures.
#include "babelgrad/autograd/products/gemm.h"
#include "babelgrad/bench/ops_bench.h"

namespace babelgrad::bench {
namespace {

constexpr std::size_t kBatch = 64, kChannels = 16, kFilters = 32, kSide = 14, kKernel = 3;
constexpr std::size_t kTaps = kChannels * kKernel * kKernel, kPlaces = kSide * kSide;
constexpr double kGflop = 2e-9 * kBatch * kFilters * kTaps * kPlaces;
const Shape kImages{kBatch, kChannels, kSide, kSide};

struct Buffers {
  Array<float> weight = values({kFilters, kTaps}), columns = values({kTaps, kPlaces});
  Array<float> y = values({kBatch, kFilters, kPlaces});
};

void products(Buffers& b) {
  for (std::size_t i = 0; i < kBatch; ++i)
    gemm<float>(Transpose::no, Transpose::no, kFilters, kPlaces, kTaps, 1, b.weight.data(), kTaps,
                b.columns.data(), kPlaces, 0, b.y.data() + i * kFilters * kPlaces, kPlaces);
}

void products_backward(Buffers& b) {
  for (std::size_t i = 0; i < kBatch; ++i) {
    const float* dy = b.y.data() + i * kFilters * kPlaces;
    gemm<float>(Transpose::no, Transpose::yes, kFilters, kTaps, kPlaces, 1, dy, kPlaces,
                b.columns.data(), kPlaces, 1, b.weight.data(), kTaps);
    gemm<float>(Transpose::yes, Transpose::no, kTaps, kPlaces, kFilters, 1, b.weight.data(), kTaps,
                dy, kPlaces, 0, b.columns.data(), kPlaces);
  }
}

// A case without products that reads and writes so many arrays of images.
void add_moving(const std::string& name, const Shape& shape, double arrays,
                std::function<Tensor<float>(const Leaves&)> op) {
  OpCase c{name, {shape}, std::move(op)};
  c.bytes = c.bytes_backward = arrays * sizeof(float) * static_cast<double>(element_count(kImages));
  add_case(c);
}

}  // namespace

void add_convolution_cases() {
  add_case({"conv2d",
            {kImages, {kFilters, kChannels, kKernel, kKernel}, {kFilters}},
            [](const Leaves& x) { return conv2d(x[0], x[1], x[2], {.padding = 1}); },
            kGflop,
            [b = Buffers()]() mutable { products(b); },
            [b = Buffers()]() mutable { products_backward(b); }});
  constexpr std::size_t kLength = 196;
  add_case({"conv1d",
            {{kBatch, kChannels, kLength}, {kFilters, kChannels, kKernel}, {kFilters}},
            [](const Leaves& x) { return conv1d(x[0], x[1], x[2], {.padding = 1}); },
            2e-9 * kBatch * kFilters * kChannels * kKernel * kLength});
  const ConvOptions padded{.padding = 1};
  add_moving("unfold", kImages, 10, [=](const Leaves& x) { return unfold(x[0], kKernel, padded); });
  add_moving("fold", {kBatch, kTaps, kPlaces}, 10,
             [=](const Leaves& x) { return fold(x[0], kSide, kKernel, padded); });
  add_moving("max_pool2d", kImages, 1.25, [](const Leaves& x) { return max_pool2d(x[0], 2); });
  add_moving("avg_pool2d", kImages, 1.25, [](const Leaves& x) { return avg_pool2d(x[0], 2); });
}

}  // namespace babelgrad::bench
