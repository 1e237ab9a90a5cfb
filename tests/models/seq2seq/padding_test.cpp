// Padding changes nothing: a padded batch gives what its sentences give one by one.
#include <doctest/doctest.h>

#include "tests/models/helpers.h"

namespace babelgrad {
namespace {

constexpr double kPaddingTolerance = 1e-13;

TEST_CASE("padding: the loss and its gradients are the token-weighted mean of the sentences'") {
  for (const NamedConfig& named : tiny_configs()) {
    INFO(named.name);
    Seq2Seq<double> model(named.config, 1);
    enlarge(model, 2);
    const auto examples = some_examples(named.config);
    const text::Batch all = batch_of(examples);
    const double tokens = static_cast<double>(all.target_tokens());
    const Tensor<double> loss = model.loss(all, kEvaluation, {0.1, 0});
    const auto gradients = model.store().gradients(loss);
    double mean = 0;
    std::vector<Array<double>> total;
    for (const text::Example& example : examples) {
      const Tensor<double> one = model.loss(batch_of({example}), kEvaluation, {0.1, tokens});
      mean += one.item();
      const auto part = model.store().gradients(one);
      if (total.empty())
        total = part;
      else
        for (std::size_t i = 0; i < part.size(); ++i) total[i] += part[i];
    }
    CHECK(std::abs(loss.item() - mean) < kPaddingTolerance);
    CHECK(max_difference(gradients, total) < kPaddingTolerance);
  }
}

TEST_CASE("padding: force gives each sentence's own log-probabilities and attention") {
  for (const NamedConfig& named : tiny_configs()) {
    INFO(named.name);
    Seq2Seq<double> model(named.config, 1);
    enlarge(model, 2);
    const auto examples = some_examples(named.config);
    const text::Batch all = batch_of(examples);
    const auto forced = model.force(all);
    const std::size_t B = all.size, S = all.source_length;
    for (std::size_t b = 0; b < B; ++b) {
      const text::Batch one = batch_of({examples[b]});
      const auto alone = model.force(one);
      for (std::size_t t = 0; t < all.target_length; ++t) {
        const double got = forced.log_probabilities.data()[t * B + b];
        const bool real = t < one.target_length;
        CHECK(std::abs(got - (real ? alone.log_probabilities.data()[t] : 0)) < kPaddingTolerance);
        if (!real || !named.config.attends()) continue;
        for (std::size_t s = 0; s < S; ++s) {
          const double expected =
              s < one.source_length ? alone.weights.value().data()[t * one.source_length + s] : 0;
          CHECK(std::abs(forced.weights.value().data()[(t * B + b) * S + s] - expected) <
                kPaddingTolerance);
        }
      }
    }
  }
}

TEST_CASE("padding: which ids stand in it does not matter") {
  for (const NamedConfig& named : tiny_configs()) {
    INFO(named.name);
    Seq2Seq<double> model(named.config, 1);
    const text::Batch clean = batch_of(some_examples(named.config));
    text::Batch soiled = clean;
    for (std::size_t i = 0; i < clean.source.size(); ++i)
      if (static_cast<std::int32_t>(i / clean.size) >= clean.source_lengths[i % clean.size]) {
        soiled.source[i] = 5;
        for (std::size_t f = 0; f < clean.feature_size(); ++f)
          soiled.features[i * clean.feature_size() + f] = 7;
      }
    for (std::size_t i = 0; i < clean.target_input.size(); ++i)
      if (static_cast<std::int32_t>(i / clean.size) >= clean.target_lengths[i % clean.size])
        soiled.target_input[i] = 6;
    CHECK(soiled.source != clean.source);
    const Tensor<double> a = model.loss(clean, kEvaluation), b = model.loss(soiled, kEvaluation);
    CHECK(a.item() == b.item());
    CHECK(max_difference(model.store().gradients(a), model.store().gradients(b)) <
          kPaddingTolerance);
    CHECK(max_difference(model.force(clean).log_probabilities,
                         model.force(soiled).log_probabilities) == 0);
  }
}

TEST_CASE("force: the loss is the mean of its log-probabilities, and it is step by step decoding") {
  for (const NamedConfig& named : tiny_configs()) {
    INFO(named.name);
    Seq2Seq<double> model(named.config, 1);
    enlarge(model, 2);
    const text::Batch batch = batch_of(some_examples(named.config));
    const auto forced = model.force(batch);
    double total = 0;
    for (const double p : forced.log_probabilities) total += p;
    const double loss = model.loss(batch, kEvaluation).item();
    CHECK(std::abs(loss + total / static_cast<double>(batch.target_tokens())) < kPaddingTolerance);

    const std::size_t B = batch.size, S = batch.source_length;
    const auto encoded = encode(model, batch);
    const auto memory = model.decoder().memory(encoded);
    auto state = model.decoder().initial_state(encoded);
    for (std::size_t t = 0; t < batch.target_length; ++t) {
      const std::vector<std::int32_t> words(batch.target_input.begin() + t * B,
                                            batch.target_input.begin() + (t + 1) * B);
      const auto output = model.decoder().step(IntArray({B}, words), memory, state, kEvaluation);
      const Array<double> log_p = log_softmax(model.decoder().logits(output.readout), -1).value();
      for (std::size_t b = 0; b < B; ++b) {
        const std::int32_t word = batch.target_output[t * B + b];
        if (word == text::kPad) continue;
        const double step_p = log_p.data()[b * named.config.target_vocabulary + word];
        CHECK(std::abs(step_p - forced.log_probabilities.data()[t * B + b]) < kPaddingTolerance);
        if (!named.config.attends()) continue;
        for (std::size_t s = 0; s < S; ++s)
          CHECK(std::abs(output.weights.value().data()[b * S + s] -
                         forced.weights.value().data()[(t * B + b) * S + s]) < kPaddingTolerance);
      }
    }
  }
}

}  // namespace
}  // namespace babelgrad
