// What a loss adds to the cross-entropy: repeated attention, and words of the model's own.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "babelgrad/autograd/inspection/gradcheck.h"
#include "tests/models/helpers.h"

namespace babelgrad {
namespace {

TEST_CASE("loss: repeated attention is the overlap of a step's weights with those before") {
  for (const NamedConfig& named : tiny_configs()) {
    if (!named.config.attends()) continue;
    INFO(named.name);
    Seq2Seq<double> model(named.config, 1);
    enlarge(model, 2);
    const text::Batch batch = batch_of(some_examples(named.config));
    const Array<double> weights = model.force(batch).weights.value();
    const std::size_t B = batch.size, S = batch.source_length;
    double overlap = 0;
    for (std::size_t b = 0; b < B; ++b)
      for (std::size_t s = 0; s < S; ++s) {
        double before = 0;
        for (std::size_t t = 0; t < batch.target_length; ++t) {
          if (batch.target_output[t * B + b] == text::kPad) continue;
          const double weight = weights.data()[(t * B + b) * S + s];
          overlap += std::min(weight, before);
          before += weight;
        }
      }
    const double plain = model.loss(batch, kEvaluation).item();
    LossOptions options;
    options.coverage_weight = 0.5;
    const double expected = plain + 0.5 * overlap / static_cast<double>(batch.target_tokens());
    CHECK(std::abs(model.loss(batch, kEvaluation, options).item() - expected) < 1e-12);
    CHECK(overlap > 1e-3);
    CHECK_NOTHROW(
        gradcheck([&](const auto&) { return model.loss(batch, training_mode(), options); },
                  model.store().parameters()));
  }
}

TEST_CASE("loss: attention is guided by the links of each target token, where it has any") {
  for (const NamedConfig& named : tiny_configs()) {
    if (!named.config.attends()) continue;
    INFO(named.name);
    Seq2Seq<double> model(named.config, 1);
    enlarge(model, 2);
    auto examples = some_examples(named.config);
    examples[0].links = {{0, 0}, {1, 0}, {0, 1}};  // the first token has two, others none
    examples[1].links = {{1, 0}};
    const text::Batch batch = batch_of(examples);
    const Array<double> weights = model.force(batch).weights.value();
    const auto cost = [&](std::size_t t, std::size_t b, std::size_t s) {
      return -std::log(weights(t, b, s) + 1e-6);
    };
    const double guided = (cost(0, 0, 0) + cost(0, 0, 1)) / 2 + cost(1, 0, 0) + cost(0, 1, 1);
    LossOptions options;
    options.alignment_weight = 0.5;
    const double plain = model.loss(batch, kEvaluation).item();
    const double expected = plain + 0.5 * guided / static_cast<double>(batch.target_tokens());
    CHECK(std::abs(model.loss(batch, kEvaluation, options).item() - expected) < 1e-12);
    CHECK_NOTHROW(
        gradcheck([&](const auto&) { return model.loss(batch, training_mode(), options); },
                  model.store().parameters()));
    for (text::Example& example : examples) example.links.clear();
    CHECK(model.loss(batch_of(examples), kEvaluation, options).item() == plain);
  }
}

TEST_CASE("loss: scheduled sampling reads the words that the model finds likeliest") {
  for (const NamedConfig& named : tiny_configs()) {
    INFO(named.name);
    Seq2Seq<double> model(named.config, 1);
    enlarge(model, 3);
    const text::Batch batch = batch_of(some_examples(named.config));
    LossOptions always, half;
    always.scheduled_sampling = 1;
    half.scheduled_sampling = 0.5;
    // The same by hand, dropout included: each step's likeliest word is the next one's input.
    const Mode mode = training_mode();
    const Decoder<double>& decoder = model.decoder();
    const std::size_t B = batch.size;
    const auto encoded = encode(model, batch, mode);
    const auto memory = decoder.memory(encoded);
    auto state = decoder.initial_state(encoded);
    IntArray words = full<std::int32_t>({B}, text::kBos);
    std::vector<Tensor<double>> readouts;
    for (std::size_t t = 0; t < batch.target_length; ++t) {
      readouts.push_back(decoder.step(words, memory, state, mode).readout);
      Array<double> scores = decoder.logits(readouts.back()).value();
      for (std::size_t b = 0; b < B; ++b)  // neither pad nor bos
        scores(b, text::kPad) = scores(b, text::kBos) = -1e9;
      words = argmax(scores, -1);
    }
    const Tensor<double> expected =
        cross_entropy(decoder.logits(stack(readouts, 0)),
                      IntArray({batch.target_length, B}, batch.target_output), {text::kPad, 0, 0});
    CHECK(std::abs(model.loss(batch, training_mode(), always).item() - expected.item()) < 1e-12);
    CHECK(model.loss(batch, training_mode(), half).item() ==
          model.loss(batch, training_mode(), half).item());
    CHECK(model.loss(batch, kEvaluation, always).item() == model.loss(batch, kEvaluation).item());
  }
}

}  // namespace
}  // namespace babelgrad
