// Reversing a sequence: an encoder, dot-product attention and a decoder, assembled by hand from the
// layers, learn to write eight random symbols backwards. The attention they find is the mirror.
//
// Run:     build/example_reverse_sequence
// Expect:  at least 99 % of the symbols right after 600 updates (a few seconds), and a grid of
//          attention weights whose large values run along one diagonal.
#include <algorithm>
#include <cstdio>
#include <utility>

#include "babelgrad/nn/attention.h"
#include "babelgrad/nn/embedding.h"
#include "babelgrad/nn/gru.h"
#include "babelgrad/nn/linear.h"
#include "babelgrad/nn/optimizer.h"

using namespace babelgrad;

namespace {

constexpr std::size_t kSymbols = 12, kLength = 8, kBatch = 64, kEmbedding = 24, kHidden = 48;
constexpr std::int32_t kStart = kSymbols;  // what the decoder reads first

struct Batch {
  IntArray source, input, output;  // [T, B] each: symbols; shifted targets; targets
};

Batch random_batch(Random& random) {
  const Shape shape{kLength, kBatch};
  Batch batch{full<std::int32_t>(shape, 0), full<std::int32_t>(shape, kStart),
              full<std::int32_t>(shape, 0)};
  for (std::size_t t = 0; t < kLength; ++t)
    for (std::size_t b = 0; b < kBatch; ++b)
      batch.source(t, b) = static_cast<std::int32_t>(random.below(kSymbols));
  for (std::size_t t = 0; t < kLength; ++t)
    for (std::size_t b = 0; b < kBatch; ++b) {
      batch.output(t, b) = batch.source(kLength - 1 - t, b);
      if (t > 0) batch.input(t, b) = batch.output(t - 1, b);
    }
  return batch;
}

class Reverser {
 public:
  explicit Reverser(const Scope<float>& s)
      : embedding_(s / "embedding", kSymbols + 1, kEmbedding),
        encoder_(s / "encoder", {.input_size = kEmbedding, .hidden_size = kHidden}),
        decoder_(s / "decoder", {.input_size = kEmbedding, .hidden_size = kHidden}),
        attention_(s / "attention", {.query_size = kHidden, .value_size = kHidden}),
        combine_(s / "combine", 2 * kHidden, kHidden),
        output_(s / "output", kHidden, kSymbols) {}

  // logits [T, B, kSymbols]; weights [T, B, S]
  std::pair<Tensor<float>, Array<float>> operator()(const Batch& batch) const {
    const GruResult<float> encoded = encoder_(embedding_(batch.source), {}, kEvaluation);
    const Tensor<float> states =
        decoder_(embedding_(batch.input), {}, kEvaluation, encoded.final).states;
    const Attention<float> attended =
        attention_(states, attention_.keys(encoded.states), encoded.states, {});
    const Tensor<float> readout = tanh(combine_(cat({attended.context, states}, 2)));
    return {output_(readout), attended.weights.value()};
  }

 private:
  Embedding<float> embedding_;
  Gru<float> encoder_, decoder_;
  AttentionLayer<float> attention_;
  Linear<float> combine_, output_;
};

double accuracy(const Array<float>& logits, const IntArray& targets) {
  std::size_t right = 0;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const float* row = logits.data() + i * kSymbols;
    right += std::max_element(row, row + kSymbols) - row == targets.data()[i];
  }
  return static_cast<double>(right) / static_cast<double>(targets.size());
}

}  // namespace

int main() {
  ParameterStore<float> store(1);
  const Reverser model{Scope<float>(store)};
  Adam<float> adam(store);
  Random random(7);
  for (int update = 1; update <= 600; ++update) {
    const Batch batch = random_batch(random);
    const Tensor<float> loss = cross_entropy(model(batch).first, batch.output);
    const std::vector<Array<float>> gradients = store.gradients(loss);
    adam.step(gradients,
              {.learning_rate = 0.005, .gradient_scale = clip_scale(global_norm(gradients), 1.0)});
    if (update % 100 == 0) std::printf("update %4d  loss %.4f\n", update, loss.item());
  }
  const Batch test = random_batch(random);
  const auto [logits, weights] = model(test);
  const double right = accuracy(logits.value(), test.output);
  std::printf(
      "symbols right: %.1f %%\nattention of the first sequence (row: output, column: input)\n",
      100 * right);
  for (std::size_t t = 0; t < kLength; ++t) {
    for (std::size_t s = 0; s < kLength; ++s) std::printf(" %.2f", weights(t, 0, s));
    std::printf("\n");
  }
  return right >= 0.99 ? 0 : 1;
}
