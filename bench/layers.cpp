// layers: the time of one update of small networks and single layers, beside the time of its
// matrix products alone.
//
//   build/bench/layers --threads 1                     all cases, ten seconds
//   build/bench/layers --case mlp --threads 1
//
// peers/layers.py does the same in PyTorch; what a case is stands there. The library's ops run on
// one thread and BLAS on --threads. The bound's products are those of an ideal implementation: no
// gradient of the input where nobody asks for it, a convolution as one product over the batch, no
// product with a zero initial state.
#include <cstdio>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>

#include "babelgrad/autograd/products/gemm.h"
#include "babelgrad/autograd/random.h"
#include "babelgrad/bench/arguments.h"
#include "babelgrad/bench/measure.h"
#include "babelgrad/bench/products.h"
#include "babelgrad/nn/conv.h"
#include "babelgrad/nn/lstm.h"
#include "babelgrad/nn/optimizer.h"
#include "babelgrad/nn/sequential.h"
#include "babelgrad/nn/transformer.h"

namespace {

using namespace babelgrad;
using bench::Matrix;

constexpr std::size_t kWarmUp = 5, kRounds = 5;

// The products of an update, written down layer by layer.
class Bound {
 public:
  // y [rows, out] = x [rows, in] W^T, dx = dy W where asked for, dW = dy^T x.
  void linear(std::size_t rows, std::size_t in, std::size_t out, bool dx = true) {
    const Matrix x = next(rows, in), y = next(rows, out), w = next(out, in);
    products_.push_back({y, x, w.t()});
    if (dx) products_.push_back({next(rows, in), y, w});
    products_.push_back({next(out, in), y.t(), x});
  }
  // c [m, n] = a [m, k] b [k, n], da and db: the three products of a bmm's matrix.
  void bmm(std::size_t m, std::size_t k, std::size_t n) {
    const Matrix a = next(m, k), b = next(k, n), c = next(m, n);
    products_.push_back({c, a, b});
    products_.push_back({next(m, k), c, b.t()});
    products_.push_back({next(k, n), a.t(), c});
  }
  // The hidden side of a recurrence of so many gates.
  void recurrence(std::size_t steps, std::size_t batch, std::size_t hidden, std::size_t gates) {
    const Matrix w = next(gates * hidden, hidden);
    const Matrix h = next(steps * batch, hidden), g = next(steps * batch, gates * hidden);
    for (std::size_t k = 1; k < steps; ++k) {
      const Matrix from = h.row_range((k - 1) * batch, batch), to = g.row_range(k * batch, batch);
      products_.push_back({to, from, w.t(), 1});
      products_.push_back({from, to, w, 1});
    }
    const std::size_t rows = (steps - 1) * batch;
    products_.push_back(
        {next(gates * hidden, hidden), g.row_range(batch, rows).t(), h.row_range(0, rows)});
  }

  void run() const { bench::run_products(products_); }
  double flops() const { return bench::flops(products_); }

 private:
  Matrix next(std::size_t rows, std::size_t cols) {
    return arrays_.matrix(std::to_string(count_++), rows, cols);
  }

  bench::Arrays arrays_;
  std::vector<bench::Product> products_;
  std::size_t count_ = 0;
};

struct Case {
  std::function<void()> update;
  Bound bound;
  std::size_t times = 1;  // as many updates as --updates says
};

constexpr std::size_t kSteps = 14, kBatch = 64, kModel = 256, kHeads = 4;

// An update of a classifier: forward, cross-entropy, backward, and Adam or not.
enum class Step { with_adam, gradients_alone };
std::function<void()> train(std::shared_ptr<ParameterStore<float>> store, Sequential<float> network,
                            const Shape& x, Random& random, Step step = Step::with_adam) {
  const auto adam = std::make_shared<Adam<float>>(*store);
  IntArray classes = uninitialized<std::int32_t>({x[0]});
  for (std::int32_t& c : classes) c = static_cast<std::int32_t>(random.below(10));
  return [=, input = Tensor<float>(normal<float>(x, random))] {
    const std::vector<Array<float>> gradients =
        store->gradients(cross_entropy(network(input), classes));
    if (step == Step::with_adam) adam->step(gradients);
  };
}

// An update of a layer [T, B, E] -> [T, B, E]: forward and backward from a given cotangent.
template <class Layer>
std::function<void()> differentiate(std::shared_ptr<ParameterStore<float>> store, Layer layer,
                                    Random& random) {
  const Shape shape{kSteps, kBatch, kModel};
  const Tensor<float> x(normal<float>(shape, random), kRequiresGrad);
  std::vector<Tensor<float>> leaves = store->parameters();
  leaves.push_back(x);
  return [store, layer, x, leaves, cotangent = normal<float>(shape, random)] {
    gradients(layer(x), cotangent, leaves);
  };
}

Case make_mlp_of(Step step) {
  const auto store = std::make_shared<ParameterStore<float>>(1);
  const Scope<float> root(*store);
  Random random(1);
  const Sequential<float> network{Linear<float>(root / "0", 784, 256), relu<float>,
                                  Linear<float>(root / "2", 256, 10)};
  Case c{train(store, network, {128, 784}, random, step), {}, 10};
  c.bound.linear(128, 784, 256, false);
  c.bound.linear(128, 256, 10);
  return c;
}

Case make_mlp() { return make_mlp_of(Step::with_adam); }
Case make_mlp_gradients() { return make_mlp_of(Step::gradients_alone); }

Case make_convnet() {
  const auto store = std::make_shared<ParameterStore<float>>(1);
  const Scope<float> root(*store);
  Random random(1);
  const auto halve = [](const Tensor<float>& x) { return max_pool2d(x, 2); };
  const auto flat = [](const Tensor<float>& x) { return flatten(x, 1); };
  const Sequential<float> network{Conv2d<float>(root / "0", 1, 16, 5),
                                  relu<float>,
                                  halve,
                                  Conv2d<float>(root / "3", 16, 32, 5),
                                  relu<float>,
                                  halve,
                                  flat,
                                  Linear<float>(root / "7", 512, 10)};
  Case c{train(store, network, {64, 1, 28, 28}, random), {}};
  c.bound.linear(64 * 24 * 24, 5 * 5, 16, false);
  c.bound.linear(64 * 8 * 8, 16 * 5 * 5, 32);
  c.bound.linear(64, 512, 10);
  return c;
}

Case make_lstm() {
  const auto store = std::make_shared<ParameterStore<float>>(1);
  Random random(1);
  const Lstm<float> lstm(Scope<float>(*store), {.input_size = kModel, .hidden_size = kModel});
  const auto states = [lstm](const Tensor<float>& x) { return lstm(x, {}, kEvaluation).states; };
  Case c{differentiate(store, states, random), {}};
  c.bound.linear(kSteps * kBatch, kModel, 4 * kModel);
  c.bound.recurrence(kSteps, kBatch, kModel, 4);
  return c;
}

Case make_transformer() {
  const auto store = std::make_shared<ParameterStore<float>>(1);
  Random random(1);
  const TransformerEncoderLayer<float> layer(
      Scope<float>(*store), {.model_size = kModel, .heads = kHeads, .feedforward_size = 1024});
  Case c{differentiate(
             store, [layer](const Tensor<float>& x) { return layer(x); }, random),
         {}};
  c.bound.linear(kSteps * kBatch, kModel, 3 * kModel);
  for (std::size_t i = 0; i < kBatch * kHeads; ++i) {
    c.bound.bmm(kSteps, kModel / kHeads, kSteps);
    c.bound.bmm(kSteps, kSteps, kModel / kHeads);
  }
  c.bound.linear(kSteps * kBatch, kModel, kModel);
  c.bound.linear(kSteps * kBatch, kModel, 1024);
  c.bound.linear(kSteps * kBatch, 1024, kModel);
  return c;
}

const std::vector<std::pair<std::string, Case (*)()>> kCases{{"mlp", make_mlp},
                                                             {"mlp_gradients", make_mlp_gradients},
                                                             {"convnet", make_convnet},
                                                             {"lstm", make_lstm},
                                                             {"transformer", make_transformer}};

struct Result {
  double update_ms, bound_ms, flops;
};

// Medians over the rounds of each round's median: in a round as many updates in a row, as in a
// training or in PyTorch's row, and then as many runs of the bound.
Result measure(const Case& c, std::size_t updates) {
  const auto median_of = [&](const std::function<void()>& f) {
    std::vector<double> times;
    for (std::size_t i = 0; i < updates * c.times; ++i) times.push_back(bench::milliseconds(f));
    return bench::median(times);
  };
  for (std::size_t i = 0; i < kWarmUp; ++i) c.update();
  std::vector<double> update_ms, bound_ms;
  for (std::size_t round = 0; round < kRounds; ++round) {
    update_ms.push_back(median_of(c.update));
    bound_ms.push_back(median_of([&] { c.bound.run(); }));
  }
  return {bench::median(update_ms), bench::median(bound_ms), c.bound.flops()};
}

}  // namespace

int main(int argc, char** argv) {
  std::string chosen = "all";
  std::size_t threads = 0, updates = 20;
  bool json = false;
  bench::Arguments arguments(
      "Time of one update of small networks and layers, and of its matrix products alone");
  std::vector<std::string> names{"all"};
  for (const auto& [name, make] : kCases) names.push_back(name);
  arguments.choice("--case", chosen, "mlp, mlp_gradients, convnet, lstm, transformer or all",
                   names);
  arguments.threads("--threads", threads, "of BLAS; 0: one a core");
  arguments.number("--updates", updates, "a round, of mlp ten times as many");
  arguments.flag("--json", json, "a line of JSON a case");
  if (const auto exit_code = arguments.parse(argc, argv)) return *exit_code;
  set_blas_threads(static_cast<int>(threads));
  if (!json)
    std::printf("%-13s %7s %9s %12s %9s %9s\n", "case", "threads", "ms", "products, ms", "share, %",
                "GFLOP/s");
  for (const auto& [name, make] : kCases) {
    if (chosen != "all" && chosen != name) continue;
    const Result r = measure(make(), updates);
    const double share = r.bound_ms / r.update_ms, gflops = r.flops / 1e6 / r.update_ms;
    if (json)
      std::printf("%s\n", nlohmann::ordered_json{{"case", name},
                                                 {"threads", threads},
                                                 {"ms", r.update_ms},
                                                 {"bound_share", share},
                                                 {"gflops", gflops}}
                              .dump()
                              .c_str());
    else
      std::printf("%-13s %7zu %9.3f %12.3f %9.1f %9.1f\n", name.c_str(), threads, r.update_ms,
                  r.bound_ms, 100 * share, gflops);
    std::fflush(stdout);
  }
}
