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
  double bytes = 0;  // that the forward must at least read and write
  double bytes_backward = 0;
};

// Values between -1/2 and 1/2, a function of the shape.
inline Array<float> values(const Shape& shape) {
  Array<float> x = uninitialized<float>(shape);
  for (std::size_t i = 0; i < x.size(); ++i)
    x.data()[i] = static_cast<float>(i * 7919 % 1009) / 1009 - 0.4996f;
  return x;
}

// A plain copy of an array of so many elements.
struct Copy {
  Array<float> from, to;

  explicit Copy(std::size_t elements)
      : from(values({elements})), to(uninitialized<float>({elements})) {}
  double run() {
    return milliseconds([this] {
      std::copy_n(from.data(), from.size(), to.data());
      benchmark::DoNotOptimize(to.data());
    });
  }
};

inline Leaves make_leaves(const std::vector<Shape>& shapes) {
  Leaves leaves;
  for (const Shape& shape : shapes) leaves.emplace_back(values(shape), kRequiresGrad);
  return leaves;
}

// What a run is held against: its products, or the bytes that it must move, a few times those of
// an array of so many elements.
struct Work {
  double gflop = 0, bytes = 0;
  std::size_t elements = 0;
};

// Runs f() once an iteration, and once before, and reports what it returns, milliseconds, as its
// time. x_copy is the median in multiples of the time in which a copy of the array, as large as
// those of the op and so as far from the processor, reads and writes as many bytes; it runs in
// turn with f().
template <class F>
void run_timed(benchmark::State& state, const Work& work, F&& f) {
  std::vector<double> times, copies;
  Copy copy(work.bytes > 0 ? work.elements : 0);
  f();
  for (auto _ : state) {
    times.push_back(f());
    state.SetIterationTime(times.back() / 1000);
    if (work.bytes > 0) copies.push_back(copy.run());
  }
  if (work.gflop > 0)
    state.counters["GFLOP/s"] = benchmark::Counter(
        work.gflop * static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
  if (work.bytes > 0) {
    const double copied = 2 * sizeof(float) * static_cast<double>(work.elements);
    state.counters["x_copy"] = median(times) / median(copies) * copied / work.bytes;
  }
}

// The forward keeps its history, as in training; the backward is timed without the forward.
inline void add_case(const OpCase& c) {
  const auto add = [&c](const std::string& suffix, Work work, std::function<double()> timed) {
    benchmark::RegisterBenchmark(
        (c.name + suffix).c_str(),
        [work, timed](benchmark::State& state) { run_timed(state, work, timed); })
        ->UseManualTime()
        ->Unit(benchmark::kMicrosecond);
  };
  // Leaves are made when a case first runs, so that a filtered run does not hold them all.
  const auto leaves = std::make_shared<Leaves>();
  const auto inputs = [leaves, shapes = c.leaves]() -> const Leaves& {
    if (leaves->empty()) *leaves = make_leaves(shapes);
    return *leaves;
  };
  const std::size_t elements = element_count(c.leaves[0]);
  add("/forward", {c.gflop, c.bytes, elements}, [inputs, op = c.op] {
    Tensor<float> result;
    const Leaves& x = inputs();
    return milliseconds([&] { result = op(x); });
  });
  if (c.raw) add("/forward_raw", {c.gflop}, [raw = c.raw] { return milliseconds(raw); });
  add("/backward", {c.gflop_backward, c.bytes_backward, elements}, [inputs, op = c.op] {
    const Tensor<float> result = op(inputs());
    const Array<float> cotangent = values(result.shape());
    std::vector<Array<float>> grads;
    return milliseconds([&] { grads = gradients(result, cotangent, inputs()); });
  });
  if (c.raw_backward)
    add("/backward_raw", {c.gflop_backward}, [raw = c.raw_backward] { return milliseconds(raw); });
}

void add_kernel_cases();       // ops_kernels.cpp
void add_memory_cases();       // ops_memory.cpp
void add_product_cases();      // ops_products.cpp
void add_convolution_cases();  // ops_convolution.cpp
void add_fused_cases();        // ops_fused.cpp
void add_chain();              // ops.cpp

}  // namespace babelgrad::bench
