// A language model of characters: a GRU or an LSTM reads a text from front to back, learns to guess
// each character from those before it, and then writes text of its own. Gradients go back through
// 64 characters (truncated backpropagation through time); the state is carried on further.
//
// Run:     build/example_character_lm [TEXT] [gru|lstm] [updates]   (data/train.en, gru, 600)
// Expect:  below 0.7 nats a character of held-out text after 600 updates (about 15 s of one core),
//          and sentences that are nearly English.
#include <cstdio>
#include <string>
#include <vector>

#include "babelgrad/nn/embedding.h"
#include "babelgrad/nn/gru.h"
#include "babelgrad/nn/linear.h"
#include "babelgrad/nn/lstm.h"
#include "babelgrad/nn/optimizer.h"
#include "babelgrad/nn/schedule.h"
#include "babelgrad/text/files.h"
#include "babelgrad/text/unicode.h"
#include "babelgrad/text/vocabulary.h"

using namespace babelgrad;

namespace {

constexpr std::size_t kBatch = 32, kLength = 64, kEmbedding = 32, kHidden = 192;

template <class Cell>  // GruCell or LstmCell
class LanguageModel {
 public:
  using State = std::vector<typename Cell::State>;  // empty at the start of a text

  LanguageModel(const Scope<float>& s, std::size_t characters)
      : embedding_(s / "embedding", characters, kEmbedding),
        recurrent_(s / "recurrent", {.input_size = kEmbedding, .hidden_size = kHidden}),
        output_(s / "output", kHidden, characters) {}

  // text [T, B] -> logits [T, B, V] of what follows each character. The state goes on from where it
  // was left; gradients do not go back there.
  Tensor<float> operator()(const IntArray& text, State& state) const {
    const auto run = recurrent_(embedding_(text), {}, kEvaluation, state);
    state = run.final;
    for (auto& layer : state) layer = layer.detach();
    return output_(run.states);
  }

  // text [T + 1, B] -> nats a character, of all but the first
  Tensor<float> loss(const IntArray& text, State& state) const {
    const std::size_t T = text.shape()[0] - 1;
    return cross_entropy((*this)(text.leading(0, T), state), text.leading(1, T + 1));
  }

  // A temperature below 1 prefers what is likely anyway.
  std::string write(const text::Vocabulary& vocabulary, double temperature, Random& random) const {
    State state;
    std::string written;
    IntArray next({1, 1}, {vocabulary.id("\n")});
    for (int i = 0; i < 250; ++i) {
      next = categorical(softmax((*this)(next, state) / temperature, -1).value(), random);
      written += vocabulary.token(next(0, 0));
    }
    return written;
  }

 private:
  Embedding<float> embedding_;
  Recurrent<Cell> recurrent_;
  Linear<float> output_;
};

// A text cut into kBatch pieces, which are read side by side: [T, kBatch]
IntArray columns(const std::vector<std::int32_t>& text) {
  IntArray result = zeros<std::int32_t>({text.size() / kBatch, kBatch});
  for (std::size_t t = 0; t < result.shape()[0]; ++t)
    for (std::size_t b = 0; b < kBatch; ++b) result(t, b) = text[b * result.shape()[0] + t];
  return result;
}

template <class Cell>
void run(const std::vector<std::string>& characters, std::size_t updates) {
  text::TokenCounts counts;
  for (const std::string& c : characters) ++counts[c];
  const text::Vocabulary vocabulary(counts);
  std::vector<std::int32_t> ids;
  for (const std::string& c : characters) ids.push_back(vocabulary.id(c));
  const auto held_out = ids.end() - static_cast<std::ptrdiff_t>(ids.size() / 20);
  const IntArray train = columns({ids.begin(), held_out}), test = columns({held_out, ids.end()});

  ParameterStore<float> store(1);
  const LanguageModel<Cell> model(Scope<float>(store), vocabulary.size());
  Adam<float> adam(store);
  typename LanguageModel<Cell>::State state, test_state;
  for (std::size_t update = 1, t = 0; update <= updates; ++update, t += kLength) {
    if (t + kLength >= train.shape()[0]) t = 0, state = {};
    const Tensor<float> loss = model.loss(train.leading(t, t + kLength + 1), state);
    const std::vector<Array<float>> gradients = store.gradients(loss);
    adam.step(gradients, {.learning_rate = cosine_rate(update, {.base = 0.01, .period = updates}),
                          .gradient_scale = clip_scale(global_norm(gradients), 1)});
    if (update % 50 == 0) std::printf("update %4zu  loss %.3f\n", update, loss.item());
  }
  const NoGrad no_grad;
  Random random(1);
  for (const double temperature : {0.5, 1.0})
    std::printf("-- temperature %.1f --\n%s\n", temperature,
                model.write(vocabulary, temperature, random).c_str());
  std::printf("held-out text: %.3f nats a character\n", model.loss(test, test_state).item());
}

}  // namespace

int main(int count, char** arguments) {
  const std::string path = count > 1 ? arguments[1] : "data/train.en";
  const std::string cell = count > 2 ? arguments[2] : "gru";
  const auto characters = text::code_points(text::read_file(path));
  if (characters.size() < 4000 || (cell != "gru" && cell != "lstm"))
    return std::fprintf(stderr, "character_lm: need 4,000 characters, and gru or lstm\n"), 2;
  (cell == "gru" ? run<GruCell<float>>
                 : run<LstmCell<float>>)(characters, count > 3 ? std::stoul(arguments[3]) : 600);
}
