// ops: time of every op of autograd/ops.h, forward and backward, beside the raw kernel or the BLAS
// calls where there are such (Google Benchmark), and autograd's own cost a node.
//
//   build/bench/ops                               all, one thread
//   build/bench/ops --benchmark_filter=gru        some
//   build/bench/ops --json                        short for --benchmark_format=json
//
// Elementwise, shape and row ops run on 1k = 1,024, 1M and 16M elements, which no cache holds.
// Their x_copy is the time in multiples of a plain copy that moves as many bytes as the op must.
// Expect 1 to 2 at 1M and 16M, more where an exponential, a logarithm or a row of a masked softmax
// is computed; at 1k the price of a node, about 0.3 us, rules. Expect `forward` close to
// `forward_raw` and `backward` close to `backward_raw` (size M of train_step), and
// chain_of_10000_additions at less than 500 ns a node (peers/chain.py does it in PyTorch). Raw
// versions only do the products or the one kernel. Read the column Time (wall time of the named
// part alone); CPU counts the untimed forward of `backward`, too. (The warning of a DEBUG library
// is Debian's build of Google Benchmark.)
#include <cstring>

#include "babelgrad/autograd/products/gemm.h"
#include "babelgrad/bench/ops_bench.h"

namespace babelgrad::bench {

// 10,000 additions of scalars, built, differentiated and freed.
void add_chain() {
  constexpr std::size_t kNodes = 10000;
  const auto chain = [](benchmark::State& state) {
    const Tensor<float> x(scalar(1.0f), kRequiresGrad), step(scalar(1e-6f));
    for (auto _ : state) {
      Tensor<float> sum = x;
      for (std::size_t i = 0; i < kNodes; ++i) sum = add(sum, step);
      benchmark::DoNotOptimize(gradients(sum, {x}));
    }
    // Seconds a node; printed with its unit prefix, 250n is 250 ns.
    state.counters["s/node"] =
        benchmark::Counter(static_cast<double>(state.iterations()) * kNodes,
                           benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  };
  benchmark::RegisterBenchmark("chain_of_10000_additions", chain)->Unit(benchmark::kMillisecond);
}

}  // namespace babelgrad::bench

int main(int argc, char** argv) {
  static char json[] = "--benchmark_format=json";
  for (int i = 1; i < argc; ++i)
    if (std::strcmp(argv[i], "--json") == 0) argv[i] = json;
  babelgrad::set_blas_threads(1);
  babelgrad::bench::add_kernel_cases();
  babelgrad::bench::add_memory_cases();
  babelgrad::bench::add_product_cases();
  babelgrad::bench::add_convolution_cases();
  babelgrad::bench::add_fused_cases();
  babelgrad::bench::add_chain();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
