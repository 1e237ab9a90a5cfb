// How bench/ops measures: an op forward and backward, and the raw kernel or BLAS calls beside it.
#pragma once

#include <benchmark/benchmark.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "babelgrad/autograd/backward.h"
#include "babelgrad/autograd/ops.h"
#include "babelgrad/bench/measure.h"

namespace babelgrad::bench {

using Leaves = std::vector<Tensor<float>>;

struct OpCase {
  std::string name;           // "matmul": runs as matmul/forward, matmul/backward, ...
  std::vector<Shape> leaves;  // shapes of the inputs that gradients are taken of
  std::function<Tensor<float>(const Leaves&)> op;
  double gflop = 0;                         // of the forward's products
  std::function<void()> raw = {};           // the forward's kernels or products alone
  std::function<void()> raw_backward = {};  // and the backward's
  double gflop_backward = 2 * gflop;
};

// Values between -1/2 and 1/2, a function of the shape.
inline Array<float> values(const Shape& shape) {
  Array<float> x = uninitialized<float>(shape);
  for (std::size_t i = 0; i < x.size(); ++i)
    x.data()[i] = static_cast<float>(i * 7919 % 1009) / 1009 - 0.4996f;
  return x;
}

inline Leaves make_leaves(const std::vector<Shape>& shapes) {
  Leaves leaves;
  for (const Shape& shape : shapes) leaves.emplace_back(values(shape), kRequiresGrad);
  return leaves;
}

// Runs f() once an iteration and reports what it returns, milliseconds, as its time.
template <class F>
void run_timed(benchmark::State& state, double gflop, F&& f) {
  for (auto _ : state) state.SetIterationTime(f() / 1000);
  if (gflop > 0)
    state.counters["GFLOP/s"] = benchmark::Counter(gflop * static_cast<double>(state.iterations()),
                                                   benchmark::Counter::kIsRate);
}

// The forward keeps its history, as in training; the backward is timed without the forward.
inline void add_case(const OpCase& c) {
  const auto add = [&c](const std::string& suffix, double gflop, std::function<double()> timed) {
    benchmark::RegisterBenchmark(
        (c.name + suffix).c_str(),
        [gflop, timed](benchmark::State& state) { run_timed(state, gflop, timed); })
        ->UseManualTime()
        ->Unit(benchmark::kMicrosecond);
  };
  // Leaves are made when a case first runs, so that a filtered run does not hold them all.
  const auto leaves = std::make_shared<Leaves>();
  const auto inputs = [leaves, shapes = c.leaves]() -> const Leaves& {
    if (leaves->empty()) *leaves = make_leaves(shapes);
    return *leaves;
  };
  add("/forward", c.gflop, [inputs, op = c.op] {
    Tensor<float> result;
    const Leaves& x = inputs();
    return milliseconds([&] { result = op(x); });
  });
  if (c.raw) add("/forward_raw", c.gflop, [raw = c.raw] { return milliseconds(raw); });
  add("/backward", c.gflop_backward, [inputs, op = c.op] {
    const Tensor<float> result = op(inputs());
    const Array<float> cotangent = values(result.shape());
    std::vector<Array<float>> grads;
    return milliseconds([&] { grads = gradients(result, cotangent, inputs()); });
  });
  if (c.raw_backward)
    add("/backward_raw", c.gflop_backward, [raw = c.raw_backward] { return milliseconds(raw); });
}

void add_elementwise_cases();  // ops_elementwise.cpp
void add_product_cases();      // ops_products.cpp
void add_fused_cases();        // ops_fused.cpp
void add_chain();              // ops.cpp

}  // namespace babelgrad::bench
