// A tiny causal Transformer that models English letter by letter: it reads the lines of a file,
// learns to guess each character from those before it, and then writes lines of its own.
//
// Run:     build/example_transformer data/train.en
// Expect:  a loss below 1 nat a character after 600 updates (about ten seconds), and sentences that
//          are nearly English.
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "babelgrad/nn/embedding.h"
#include "babelgrad/nn/optimizer.h"
#include "babelgrad/nn/transformer.h"

using namespace babelgrad;

namespace {

constexpr std::size_t kCharacters = 128, kLength = 40, kBatch = 32, kSize = 64, kBlocks = 2;
constexpr std::int32_t kEnd = '\n', kPad = -100;  // before and after each line; no target

// Characters [T, B], each beside the one that follows it.
struct Batch {
  IntArray input = full<std::int32_t>({kLength, kBatch}, kEnd);
  IntArray target = full<std::int32_t>({kLength, kBatch}, kPad);
};

Batch random_batch(const std::vector<std::string>& lines, Random& random) {
  Batch batch;
  for (std::size_t b = 0; b < kBatch; ++b) {
    const std::string line = lines[random.below(lines.size())] + "\n";
    for (std::size_t t = 0; t < std::min(kLength, line.size()); ++t) {
      batch.target(t, b) = line[t];
      if (t + 1 < kLength) batch.input(t + 1, b) = line[t];
    }
  }
  return batch;
}

class LanguageModel {
 public:
  explicit LanguageModel(const Scope<float>& s)
      : characters_(s / "characters", kCharacters, kSize),
        places_(s / "places", kLength, kSize),
        norm_(s / "norm", kSize),
        output_(s / "output", kSize, kCharacters) {
    for (std::size_t i = 0; i < kBlocks; ++i)
      blocks_.emplace_back(s / ("block" + std::to_string(i)),
                           TransformerOptions<float>{.model_size = kSize,
                                                     .heads = 4,
                                                     .feedforward_size = 4 * kSize,
                                                     .norm = NormPlace::before});
  }

  // text [T, B] -> logits [T, B, kCharacters] of what follows each character
  Tensor<float> operator()(const IntArray& text) const {
    IntArray place = zeros<std::int32_t>({text.shape()[0], 1});
    for (std::size_t t = 0; t < place.size(); ++t) place(t, 0) = static_cast<std::int32_t>(t);
    Tensor<float> x = characters_(text) + places_(place);
    for (const auto& block : blocks_) x = block(x, {.causal = true});
    return output_(norm_(x));
  }

 private:
  Embedding<float> characters_, places_;
  std::vector<TransformerEncoderLayer<float>> blocks_;
  LayerNorm<float> norm_;
  Linear<float> output_;
};

// Draws one character after the other from what the model holds probable.
std::string sample(const LanguageModel& model, Random& random) {
  const NoGrad no_grad;
  std::string line;
  std::vector<std::int32_t> text{kEnd};
  while (text.size() < kLength) {
    const Tensor<float> chances = softmax(model(IntArray({text.size(), 1}, text))[-1][0], 0);
    double rest = random.uniform();
    std::int32_t next = 0;
    while ((rest -= chances(next)) > 0 && next + 1 < int{kCharacters}) ++next;
    if (next == kEnd) break;
    line += static_cast<char>(next);
    text.push_back(next);
  }
  return line;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> lines;
  std::ifstream file(argc > 1 ? argv[1] : "data/train.en");
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  if (lines.empty()) return std::fprintf(stderr, "transformer: no lines to read\n"), 2;
  ParameterStore<float> store(1);
  const LanguageModel model{Scope<float>(store)};
  Adam<float> adam(store);
  Random random(1);
  double mean_loss = 0;  // of the last updates
  for (int update = 1; update <= 600; ++update) {
    const Batch batch = random_batch(lines, random);
    const Tensor<float> loss = cross_entropy(model(batch.input), batch.target);
    const std::vector<Array<float>> gradients = store.gradients(loss);
    adam.step(gradients,
              {.learning_rate = 0.005, .gradient_scale = clip_scale(global_norm(gradients), 1)});
    mean_loss += (loss.item() - mean_loss) / std::min(update, 20);
    if (update % 100 == 0) std::printf("update %4d  loss %.3f\n", update, mean_loss);
  }
  for (int i = 0; i < 5; ++i) std::printf("%s\n", sample(model, random).c_str());
  return mean_loss < 1.0 ? 0 : 1;
}
