// Sequence to sequence with attention in one file: the model of Alammar's "Visualizing A Neural
// Machine Translation Model", step by step, trained on the bundled French-English sentences.
//
// Run:     build/example_article [epochs]      (in the project's folder; 25 epochs by default)
// Expect:  98 to 99 % of 800 held-out sentences translated word for word, after about 80 s of one
//          core, and the attention of "je suis étudiant".
#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "babelgrad/nn/embedding.h"
#include "babelgrad/nn/gru.h"
#include "babelgrad/nn/linear.h"
#include "babelgrad/nn/optimizer.h"
#include "babelgrad/text/batches.h"
#include "babelgrad/text/error_rate.h"

using namespace babelgrad;
using Matrix = Tensor<float>;

constexpr std::size_t kEmbedding = 64, kHidden = 128;

struct Step {
  Matrix logits;   // [T, B, V] scores of the output words
  Matrix weights;  // [T, B, S] where each of them looked
  Matrix state;    // [B, H] the decoder's last hidden state
};

class Translator {
 public:
  Translator(const Scope<float>& s, std::size_t source_words, std::size_t target_words)
      : source_embedding_(s / "source", source_words, kEmbedding),
        target_embedding_(s / "target", target_words, kEmbedding),
        encoder_(s / "encoder",
                 {.input_size = kEmbedding, .hidden_size = kHidden / 2, .bidirectional = true}),
        decoder_(s / "decoder", {.input_size = kEmbedding, .hidden_size = kHidden}),
        score_(s / "score", kHidden, kHidden, Bias::without),
        feedforward_(s / "feedforward", 2 * kHidden, kHidden),
        output_(s / "output", kHidden, target_words) {}

  // The encoder reads the source word by word and hands over all of its hidden states, not only the
  // last: words [S, B] -> states [S, B, H].
  GruResult<float> encode(const IntArray& words, const IntArray& lengths) const {
    return encoder_(source_embedding_(words), lengths, kEvaluation);
  }

  // The decoder's steps for the words so far, [T, B]: all of them while training, one at a time
  // while translating.
  Step decode(const IntArray& words, const GruResult<float>& encoded, const IntArray& lengths,
              const Matrix& start) const {
    // 1. The decoder RNN makes a hidden state h of each word and the state before it.
    const Matrix h = decoder_(target_embedding_(words), {}, kEvaluation, {start}).states;
    // 2. Every hidden state of the encoder gets a score against h.
    const Matrix scores = dot_scores(h, score_(encoded.states));
    // 3. A softmax over the scores says how much each of them counts.
    const Matrix weights = attention_weights(scores, lengths);
    // 4. The sum of the encoder's states, so weighted, is the context vector c.
    const Matrix context = attention_context(weights, encoded.states);
    // 5. c and h, side by side, go through a feedforward layer that is trained with the rest.
    const Matrix vector = tanh(feedforward_(cat({context, h}, -1)));
    // 6. From what comes out the output word of this step is read.
    return {output_(vector), weights, h[-1]};
  }

  Matrix start(const GruResult<float>& encoded) const { return cat(encoded.final, -1); }

  Matrix loss(const text::Batch& b) const {
    const IntArray lengths({b.size}, b.source_lengths);
    const auto encoded = encode(IntArray({b.source_length, b.size}, b.source), lengths);
    const Shape shape{b.target_length, b.size};
    const Step all = decode(IntArray(shape, b.target_input), encoded, lengths, start(encoded));
    return cross_entropy(all.logits, IntArray(shape, b.target_output),
                         {.ignore_index = text::kPad});
  }

  // 7. And again: the likeliest word of a step is the input of the next.
  std::vector<std::int32_t> translate(const std::vector<std::int32_t>& source,
                                      std::vector<Array<float>>* attention = nullptr) const {
    const NoGrad no_grad;
    const auto encoded = encode(IntArray({source.size(), 1}, source), {});
    std::vector<std::int32_t> words{text::kBos};
    for (Matrix state = start(encoded); words.back() != text::kEos && words.size() < 40;) {
      const Step step = decode(IntArray({1, 1}, {words.back()}), encoded, {}, state);
      const Array<float>& logits = step.logits.value();
      const auto best = std::max_element(logits.begin(), logits.end()) - logits.begin();
      words.push_back(static_cast<std::int32_t>(best));
      state = step.state;
      if (attention != nullptr) attention->push_back(step.weights.value());
    }
    return words;
  }

 private:
  Embedding<float> source_embedding_, target_embedding_;
  Gru<float> encoder_, decoder_;
  Linear<float> score_, feedforward_, output_;
};

int main(int count, char** arguments) {
  const int epochs = count > 1 ? std::atoi(arguments[1]) : 25;
  const text::Corpus train = text::read_parallel("data/train.fr", "data/train.en");
  const text::Corpus test = text::read_parallel("data/test.fr", "data/test.en");
  const text::Codec french = text::Codec::train(train.source, {});
  const text::Codec english = text::Codec::train(train.target, {});
  const auto pairs = text::encode_corpus(train, french, english);
  const auto held_out = text::encode_corpus(test, french, english);

  ParameterStore<float> store(1);
  const Translator model(Scope<float>(store), french.size(), english.size());
  Adam<float> adam(store);
  const text::BatchPlan plan(pairs, {});
  for (int epoch = 0; epoch < epochs; ++epoch) {
    const auto batches = plan.epoch(static_cast<std::size_t>(epoch));
    const double rate = 0.003 * (1 - static_cast<double>(epoch) / epochs);
    double total = 0;
    for (const auto& indices : batches) {
      const Matrix loss = model.loss(text::make_batch(pairs, indices));
      const auto gradients = store.gradients(loss);
      adam.step(gradients, {rate, clip_scale(global_norm(gradients), 1.0)});
      total += loss.item();
    }
    std::printf("epoch %d  loss %.4f\n", epoch + 1, total / static_cast<double>(batches.size()));
    std::fflush(stdout);
  }

  std::vector<std::string> translations;
  for (const text::Example& pair : held_out)
    translations.push_back(english.decode(model.translate(pair.source.ids)));
  std::printf("held-out exact match %.1f %%\n", 100 * text::exact_match(translations, test.target));

  std::vector<std::int32_t> source = french.encode("je suis étudiant");
  source.push_back(text::kEos);
  std::vector<Array<float>> attention;
  const auto words = model.translate(source, &attention);
  std::printf("je suis étudiant -> %s\n", english.decode(words).c_str());
  for (const Array<float>& row : attention) {
    for (const float weight : row) std::printf(" %4.2f", weight);
    std::printf("\n");
  }
}
