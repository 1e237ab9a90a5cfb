// GradientStep: shards add up to the batch, threads change nothing, divergence is named.
#include <doctest/doctest.h>

#include <cstring>

#include "babelgrad/models/training/gradient_step.h"
#include "tests/models/helpers.h"

namespace babelgrad {
namespace {

Seq2SeqConfig step_config() {
  Seq2SeqConfig config = tiny_config(Architecture::luong);
  config.source_vocabulary = 60;
  config.target_vocabulary = 50;
  config.embedding = 16;
  config.encoder_hidden = 12;
  config.hidden = 20;
  config.layers = 2;
  return config;
}

text::Batch step_batch(const Seq2SeqConfig& config, std::uint64_t seed) {
  Random random(seed);
  std::vector<text::Example> examples;
  for (std::size_t i = 0; i < 11; ++i)
    examples.push_back(random_example(random.below(8), random.below(9), config, random));
  return batch_of(examples);
}

template <class T>
std::vector<Array<T>> values(const Seq2Seq<T>& model) {
  std::vector<Array<T>> result;
  for (const Tensor<T>& parameter : model.store().parameters()) result.push_back(parameter.value());
  return result;
}

TEST_CASE("gradient step: any number of shards gives the batch's loss, gradient and norm") {
  for (Seq2SeqConfig config : {step_config(), tiny_config(Architecture::bahdanau)}) {
    config.dropout = 0;
    const text::Batch batch = step_batch(config, 1);
    Seq2Seq<double> whole(config, 1);
    const Tensor<double> loss = whole.loss(batch, kEvaluation, {0.1, 0});
    auto expected = whole.store().gradients(loss);
    const double norm = global_norm(expected);
    for (const std::size_t shards : {1, 2, 3, 11, 20}) {
      INFO(shards, " shards");
      Seq2Seq<double> model(config, 1);
      Sgd<double> sgd(model.store());
      WorkerPool pool(2);
      const auto before = values(model);
      StepRequest request;
      request.learning_rate = 1;
      request.label_smoothing = 0.1;
      request.update = 1;
      const StepResult result = GradientStep<double>(model, sgd, pool, shards).run(batch, request);
      CHECK(result.target_tokens == batch.target_tokens());
      CHECK(std::abs(result.loss - loss.item()) < 1e-13);
      CHECK(std::abs(result.gradient_norm - norm) < 1e-13);
      auto change = before;
      const auto after = values(model);
      for (std::size_t i = 0; i < change.size(); ++i) change[i] -= after[i];
      CHECK(max_difference(change, expected) < 1e-13);
    }
  }
}

TEST_CASE("gradient step: clipping scales the gradient to the limit") {
  Seq2SeqConfig config = step_config();
  config.dropout = 0;
  const text::Batch batch = step_batch(config, 1);
  Seq2Seq<double> model(config, 1);
  Sgd<double> sgd(model.store());
  WorkerPool pool(1);
  auto change = values(model);
  StepRequest request;
  request.learning_rate = 1;
  request.clip_norm = 0.01;
  const StepResult result = GradientStep<double>(model, sgd, pool, 2).run(batch, request);
  CHECK(result.gradient_norm > 0.01);  // the norm before
  const auto after = values(model);
  for (std::size_t i = 0; i < change.size(); ++i) change[i] -= after[i];
  CHECK(std::abs(global_norm(change) - 0.01) < 1e-12);
}

struct Outcome {
  std::vector<Array<float>> parameters, average;
  std::vector<double> losses;
};

Outcome train(std::size_t threads, std::size_t shards) {
  const Seq2SeqConfig config = step_config();
  Seq2Seq<float> model(config, 1);
  Adam<float> adam(model.store());
  WorkerPool pool(threads);
  GradientStep<float> step(model, adam, pool, shards);
  StepRequest request{1e-2, 1.0, 0.1, 0.9, 5, 0};
  Outcome outcome;
  for (request.update = 1; request.update <= 6; ++request.update)
    outcome.losses.push_back(step.run(step_batch(config, request.update), request).loss);
  outcome.parameters = values(model);
  outcome.average = step.average();
  return outcome;
}

TEST_CASE("gradient step: with shards fixed, threads do not change a bit") {
  const Outcome one = train(1, 3);
  for (const std::size_t threads : {2, 3, 4}) {
    const Outcome other = train(threads, 3);
    CHECK(max_difference(one.parameters, other.parameters) == 0);
    CHECK(max_difference(one.average, other.average) == 0);
    CHECK(one.losses == other.losses);
  }
  CHECK(max_difference(one.parameters, one.average) > 0);
  CHECK(train(2, 0).losses == train(1, 2).losses);  // 0 shards: one a thread
}

TEST_CASE("gradient step: the running mean follows its recurrence") {
  const Seq2SeqConfig config = tiny_config(Architecture::plain);
  Seq2Seq<double> model(config, 1);
  Adam<double> adam(model.store());
  WorkerPool pool(2);
  GradientStep<double> step(model, adam, pool, 0);
  auto expected = values(model);
  StepRequest request{1e-2, 0, 0, 0.4, 5, 0};
  for (request.update = 1; request.update <= 12; ++request.update) {
    step.run(batch_of(some_examples(config)), request);
    const double t = static_cast<double>(request.update);
    const double keep = std::min(0.4, (1 + t) / (10 + t));
    const auto now = values(model);
    for (std::size_t i = 0; i < now.size(); ++i)
      expected[i] = keep * expected[i] + (1 - keep) * now[i];
    CHECK(max_difference(step.average(), expected) < 1e-14);
  }
}

std::string divergence(Seq2Seq<float>& model, std::size_t update) {
  Sgd<float> sgd(model.store());
  WorkerPool pool(2);
  GradientStep<float> step(model, sgd, pool, 2);
  StepRequest request;
  request.learning_rate = 1;
  request.update = update;
  const auto before = values(model);
  const text::Batch batch = batch_of(some_examples(model.config()));
  const std::string message = message_of<DivergenceError>([&] { step.run(batch, request); });
  const auto after = values(model);
  for (std::size_t i = 0; i < before.size(); ++i)
    CHECK(std::memcmp(before[i].data(), after[i].data(), before[i].size() * sizeof(float)) == 0);
  return message;
}

TEST_CASE("gradient step: divergence names the update and the tensor, and changes nothing") {
  const Seq2SeqConfig config = tiny_config(Architecture::luong);
  Seq2Seq<float> nan(config, 1);
  nan.store().at("decoder.readout.bias").mutable_value().data()[1] =
      std::numeric_limits<float>::quiet_NaN();
  const std::string message = divergence(nan, 17);
  CHECK(
      message.starts_with("training diverged at update 17: parameter decoder.readout.bias is "
                          "not finite"));
  Seq2Seq<float> huge(config, 1);
  huge.store().at("target_embedding.weight").mutable_value().fill(3e38f);
  CHECK(divergence(huge, 2).starts_with("training diverged at update 2: "));
}

}  // namespace
}  // namespace babelgrad
