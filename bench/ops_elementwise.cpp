// bench/ops: ops without products - elementwise, reductions, shapes, rows, normalisation. Sizes are
// those of one layer's activations at size M: 896 rows (14 steps of 64 sentences).
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

IntArray checkerboard() {
  IntArray mask = uninitialized<std::int32_t>(kActivations);
  for (std::size_t i = 0; i < kElements; ++i) mask.data()[i] = i % 2 == 0;
  return mask;
}

// What an array of activations costs a kernel of the form f(n, x, y).
template <class F>
std::function<void()> on_arrays(F f) {
  return [f, x = values(kActivations), y = values(kActivations)]() mutable {
    f(x.data(), y.data());
    benchmark::DoNotOptimize(y.data());
  };
}

void add_unary_cases() {
  using Unary = std::function<Tensor<float>(const Tensor<float>&)>;
  const std::vector<std::pair<std::string, Unary>> ops{
      {"neg", neg<float>},
      {"scale", [](const auto& x) { return scale(x, 2.0f); }},
      {"shift", [](const auto& x) { return shift(x, 2.0f); }},
      {"exp", exp<float>},
      {"log", [](const auto& x) { return log(x); }},
      {"sqrt", [](const auto& x) { return sqrt(x); }},
      {"pow", [](const auto& x) { return pow(x, 2.0f); }},
      {"abs", abs<float>},
      {"clamp", [](const auto& x) { return clamp(x, -0.3f, 0.3f); }},
      {"relu", relu<float>},
      {"where", [m = checkerboard()](const auto& x) { return where(m, x, x); }},
      {"masked_fill", [m = checkerboard()](const auto& x) { return masked_fill(x, m, 0.0f); }},
      {"dropout", [m = values(kActivations)](const auto& x) { return dropout(x, m); }},
      {"mean", [](const auto& x) { return mean(x); }},
      {"max_rows", [](const auto& x) { return max(x, {{1}}); }},
      {"logsumexp_rows", [](const auto& x) { return logsumexp(x, {{1}}); }},
      {"sum_columns", [](const auto& x) { return sum(x, {{0}}); }},
      {"reshape", [](const auto& x) { return reshape(x, {kElements}); }},
      {"transpose", [](const auto& x) { return transpose(x); }},
      {"slice", [](const auto& x) { return slice(x, 0, kRows / 4, kRows / 2); }},
      {"broadcast_to",
       [](const auto& x) {
         return broadcast_to(x, {4, kRows, kCols});
       }},
      {"pick", [i = indices(kRows, kCols)](const auto& x) { return pick(x, i); }},
      {"log_softmax", [](const auto& x) { return log_softmax(x); }},
      {"cross_entropy",
       [i = indices(kRows, kCols)](const auto& x) { return cross_entropy(x, i); }}};
  for (const auto& [name, op] : ops)
    add_case({name, {kActivations}, [op](const Leaves& x) { return op(x[0]); }});
}

void add_binary_cases() {
  using Binary = std::function<Tensor<float>(const Tensor<float>&, const Tensor<float>&)>;
  const std::vector<std::pair<std::string, Binary>> ops{{"sub", sub<float>},
                                                        {"mul", mul<float>},
                                                        {"div", div<float>},
                                                        {"concat",
                                                         [](const auto& a, const auto& b) {
                                                           return concat<float>({a, b}, 1);
                                                         }},
                                                        {"stack", [](const auto& a, const auto& b) {
                                                           return stack<float>({a, b}, 0);
                                                         }}};
  for (const auto& [name, op] : ops)
    add_case(
        {name, {kActivations, kActivations}, [op](const Leaves& x) { return op(x[0], x[1]); }});
  add_case({"add",
            {kActivations, kActivations},
            [](const Leaves& x) { return add(x[0], x[1]); },
            0,
            on_arrays([](float* x, float* y) { kernels<float>().add(kElements, x, y); })});
}

void add_cases_with_kernels() {
  const auto& k = kernels<float>();
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
            [](const Leaves& x) { return softmax(x[0]); },
            0,
            on_arrays(softmax_rows),
            on_arrays(softmax_rows_backward)});
  add_case({"add_bias",
            {kActivations, {kCols}},
            [](const Leaves& x) { return add_bias(x[0], x[1]); },
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

void add_elementwise_cases() {
  add_unary_cases();
  add_binary_cases();
  add_cases_with_kernels();
  add_case({"layer_norm", {kActivations, {kCols}, {kCols}}, [](const Leaves& x) {
              return layer_norm(x[0], x[1], x[2]);
            }});
  const IntArray ids = indices(kRows, kWords);
  const auto copy_rows = [ids, table = values({kWords, kCols}),
                          y = values(kActivations)]() mutable {
    for (std::size_t r = 0; r < kRows; ++r)
      std::copy_n(table.data() + static_cast<std::size_t>(ids.data()[r]) * kCols, kCols,
                  y.data() + r * kCols);
    benchmark::DoNotOptimize(y.data());
  };
  add_case({"gather_rows",
            {{kWords, kCols}},
            [ids](const Leaves& x) { return gather_rows(x[0], ids); },
            0,
            copy_rows});
}

}  // namespace babelgrad::bench
