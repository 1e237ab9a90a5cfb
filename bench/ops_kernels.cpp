// bench/ops: ops that are little more than one kernel, beside that kernel. Sizes are those of one
// layer's activations at size M: 896 rows (14 steps of 64 sentences).
#include "babelgrad/autograd/kernels/kernels.h"
#include "babelgrad/bench/ops_bench.h"

namespace babelgrad::bench {
namespace {

constexpr std::size_t kRows = 896, kCols = 256, kElements = kRows * kCols, kWords = 10000;
const Shape kActivations{kRows, kCols};

IntArray indices(std::size_t count, std::size_t limit) {
  IntArray ids = uninitialized<std::int32_t>({count});
  for (std::size_t i = 0; i < count; ++i)
    ids.data()[i] = static_cast<std::int32_t>(i * 7919 % limit);
  return ids;
}

// What an array of activations costs a kernel of the form f(n, x, y).
template <class F>
std::function<void()> on_arrays(F f) {
  return [f, x = values(kActivations), y = values(kActivations)]() mutable {
    f(x.data(), y.data());
    benchmark::DoNotOptimize(y.data());
  };
}

void add_cases_with_kernels() {
  const auto& k = kernels<float>();
  add_case({"add",
            {kActivations, kActivations},
            [](const Leaves& x) { return add(x[0], x[1]); },
            0,
            on_arrays([&k](float* x, float* y) { k.add(kElements, x, y); })});
  add_case({"tanh",
            {kActivations},
            [](const Leaves& x) { return tanh(x[0]); },
            0,
            on_arrays([&k](float* x, float* y) { k.tanh(kElements, x, y); }),
            on_arrays([&k](float* x, float* y) { k.tanh_backward(kElements, x, y, y); })});
  add_case({"sigmoid",
            {kActivations},
            [](const Leaves& x) { return sigmoid(x[0]); },
            0,
            on_arrays([&k](float* x, float* y) { k.sigmoid(kElements, x, y); }),
            on_arrays([&k](float* x, float* y) { k.sigmoid_backward(kElements, x, y, y); })});
  const auto softmax_rows = [&k](float* x, float* y) {
    std::copy_n(x, kElements, y);
    for (std::size_t r = 0; r < kRows; ++r) k.softmax_row(kCols, y + r * kCols);
  };
  const auto softmax_rows_backward = [&k](float* x, float* y) {
    for (std::size_t r = 0; r < kRows; ++r)
      k.softmax_row_backward(kCols, x + r * kCols, y + r * kCols, y + r * kCols);
  };
  add_case({"softmax",
            {kActivations},
            [](const Leaves& x) { return softmax(x[0], -1); },
            0,
            on_arrays(softmax_rows),
            on_arrays(softmax_rows_backward)});
  add_case({"add_bias",
            {kActivations, {kCols}},
            [](const Leaves& x) { return x[0] + x[1]; },
            0,
            on_arrays([&k](float* x, float* y) {
              std::copy_n(x, kElements, y);
              k.add_to_rows(kRows, kCols, x, y);
            }),
            on_arrays([&k](float* x, float* y) { k.sum_rows(kRows, kCols, x, kCols, y); })});
  add_case({"sum",
            {kActivations},
            [](const Leaves& x) { return sum(x[0]); },
            0,
            on_arrays([&k](float* x, float* y) { y[0] = float(k.sum_of_squares(kElements, x)); }),
            on_arrays([](float* x, float* y) { std::fill_n(y, kElements, x[0]); })});
}

}  // namespace

void add_kernel_cases() {
  add_cases_with_kernels();
  const IntArray ids = indices(kRows, kWords);
  const auto copy_rows = [ids, table = values({kWords, kCols}),
                          y = values(kActivations)]() mutable {
    for (std::size_t r = 0; r < kRows; ++r)
      std::copy_n(table.data() + static_cast<std::size_t>(ids.data()[r]) * kCols, kCols,
                  y.data() + r * kCols);
    benchmark::DoNotOptimize(y.data());
  };
  add_case({"embedding",
            {{kWords, kCols}},
            [ids](const Leaves& x) { return embedding(x[0], ids); },
            0,
            copy_rows});
}

}  // namespace babelgrad::bench
