// GradientStep: shards add up to the batch, and no split of them over threads, passes or ranks
// changes more than it must; a model of one's own; divergence is named.
#include <doctest/doctest.h>

#include <cstring>

#include "babelgrad/models/training/gradient_step.h"
#include "babelgrad/nn/linear.h"
#include "babelgrad/nn/losses.h"
#include "tests/models/helpers.h"
#include "tests/models/thread_ranks.h"

namespace babelgrad {
namespace {

Seq2SeqConfig step_config() {
  Seq2SeqConfig config = tiny_config(Architecture::luong);
  config.source_vocabulary = 60;
  config.target_vocabulary = 50;
  config.embedding = 16;
  config.encoder_hidden = 12;
  config.hidden = 20;
  config.set_layers(2);
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

// A batch in parts, each with its share of the mean over all their target words.
template <class T>
class Parts {
 public:
  Parts(const Seq2Seq<T>& model, const text::Batch& batch, std::size_t shards, std::size_t tokens,
        double smoothing = 0.1)
      : model_(model),
        parts_(text::shard(batch, shards)),
        options_{smoothing, static_cast<double>(tokens)} {}

  ShardedLoss<T> all() const { return range(0, parts_.size()); }
  ShardedLoss<T> range(std::size_t begin, std::size_t end) const {
    return {begin, end, [this](std::size_t shard, const Mode& mode) {
              return model_.loss(parts_.at(shard), mode, options_);
            }};
  }

 private:
  const Seq2Seq<T>& model_;
  std::vector<text::Batch> parts_;
  LossOptions options_;
};

template <class T>
StepResult run(GradientStep<T>& step, const Seq2Seq<T>& model, const text::Batch& batch,
               std::size_t shards, const StepRequest& request) {
  const Parts<T> parts(model, batch, shards, batch.target_tokens());
  return step.run({parts.all()}, request);
}

TEST_CASE("gradient step: any number of shards gives the batch's loss, gradient and norm") {
  for (Seq2SeqConfig config : {step_config(), tiny_config(Architecture::bahdanau)}) {
    config.set_dropout(0);
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
      request.update = 1;
      GradientStep<double> step(model.store(), sgd, pool);
      const StepResult result = run(step, model, batch, shards, request);
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
  config.set_dropout(0);
  const text::Batch batch = step_batch(config, 1);
  Seq2Seq<double> model(config, 1);
  Sgd<double> sgd(model.store());
  WorkerPool pool(1);
  auto change = values(model);
  StepRequest request;
  request.learning_rate = 1;
  request.clip_norm = 0.01;
  GradientStep<double> step(model.store(), sgd, pool);
  const StepResult result = run(step, model, batch, 2, request);
  CHECK(result.gradient_norm > 0.01);  // the norm before
  const auto after = values(model);
  for (std::size_t i = 0; i < change.size(); ++i) change[i] -= after[i];
  CHECK(std::abs(global_norm(change) - 0.01) < 1e-12);
}

struct Outcome {
  std::vector<Array<float>> parameters, average, moments;
  std::vector<double> losses;
  std::vector<std::vector<double>> norms;  // of the gradients
};

struct SixUpdates {
  std::size_t threads, shards;
  Seq2SeqConfig config = step_config();
  Ranks* ranks = nullptr;
  Precision wire = Precision::float32;
};

// Six updates of a model with dropout, the last one of two passes.
Outcome six_updates(const SixUpdates& u) {
  Seq2Seq<float> model(u.config, 1);
  Adam<float> adam(model.store());
  WorkerPool pool(u.threads);
  GradientStep<float> step(model.store(), adam, pool, u.ranks);
  const std::size_t rank = u.ranks ? u.ranks->rank() : 0;
  const std::size_t each = shards_a_rank(u.shards, u.ranks ? u.ranks->size() : 1);
  StepRequest request{1e-2, 1.0, 0.9, 5, 0, u.wire};
  Outcome outcome;
  for (request.update = 1; request.update <= 6; ++request.update) {
    const text::Batch batch = step_batch(u.config, request.update);
    const Parts<float> parts(model, batch, u.shards, batch.target_tokens());
    const std::size_t end = parts.all().end, begin = std::min(end, rank * each);
    const ShardedLoss<float> own = parts.range(begin, std::min(end, begin + each));
    const ShardedLoss<float> first = rank == 0 ? parts.range(0, 1) : parts.range(0, 0);
    const std::vector<ShardedLoss<float>> passes{own, first};
    outcome.losses.push_back(
        step.run(request.update < 6 ? std::vector{own} : passes, request).loss);
    outcome.norms.push_back(step.gradient_norms());
  }
  step.collect();
  outcome.parameters = values(model);
  outcome.average = step.average();
  for (const auto& [name, array] : adam.state()) outcome.moments.push_back(*array);
  return outcome;
}

Outcome six_updates(std::size_t threads, std::size_t shards) {
  return six_updates(SixUpdates{threads, shards});
}

void check_same_outcome(const Outcome& one, const Outcome& other) {
  CHECK(max_difference(one.parameters, other.parameters) == 0);
  CHECK(max_difference(one.average, other.average) == 0);
  CHECK(max_difference(one.moments, other.moments) == 0);
  CHECK(one.losses == other.losses);
  CHECK(one.norms == other.norms);
}

TEST_CASE("gradient step: with shards fixed, threads do not change a bit") {
  for (const std::size_t shards : {3, 4, 8}) {
    const Outcome one = six_updates(1, shards);
    for (const std::size_t threads : {2, 3, 4})
      check_same_outcome(one, six_updates(threads, shards));
    CHECK(max_difference(one.parameters, one.average) > 0);
  }
}

TEST_CASE("gradient step: nor do they in bfloat16") {
  const Outcome exact = six_updates(1, 4);
  const MatmulPrecision precision(Precision::bfloat16);
  const Outcome one = six_updates(1, 4);
  check_same_outcome(one, six_updates(3, 4));
  CHECK(max_difference(one.parameters, exact.parameters) > 0);
  for (std::size_t i = 0; i < one.losses.size(); ++i)
    CHECK(std::abs(one.losses[i] - exact.losses[i]) < 0.01 * exact.losses[i]);
}

TEST_CASE("gradient step: nor do ranks, among them some without a shard") {
  Seq2SeqConfig shared = step_config();  // whose table has a dense gradient, too
  shared.share_embeddings = shared.tie_output = true;
  shared.source_vocabulary = shared.target_vocabulary;
  shared.embedding = shared.readout_size = 20;
  for (const Seq2SeqConfig& config : {step_config(), shared})
    for (const std::size_t shards : {1, 4, 6}) {
      const Outcome alone = six_updates(SixUpdates{1, shards, config});
      for (const std::size_t size : {1, 2, 3, 4, 8}) {
        INFO(shards, " shards, ", size, " ranks");
        std::vector<Outcome> outcomes(size);
        run_ranks(size, [&](Ranks& ranks) {
          outcomes[ranks.rank()] =
              six_updates(SixUpdates{1 + ranks.rank() % 2, shards, config, &ranks});
        });
        check_same_outcome(alone, outcomes[0]);
        for (const Outcome& other : outcomes) {
          CHECK(max_difference(other.parameters, alone.parameters) == 0);
          CHECK(other.losses == alone.losses);
          CHECK(other.norms == alone.norms);
        }
      }
    }
}

TEST_CASE("gradient step: gradients that are rounded on their way differ a little") {
  const Outcome alone = six_updates(1, 4);
  std::vector<Outcome> outcomes(2);
  run_ranks(2, [&](Ranks& ranks) {
    outcomes[ranks.rank()] =
        six_updates(SixUpdates{1, 4, step_config(), &ranks, Precision::bfloat16});
  });
  CHECK(max_difference(outcomes[0].parameters, outcomes[1].parameters) == 0);
  CHECK(max_difference(outcomes[0].parameters, alone.parameters) > 0);
  for (std::size_t i = 0; i < alone.losses.size(); ++i)
    CHECK(std::abs(outcomes[0].losses[i] - alone.losses[i]) < 1e-3 * alone.losses[i]);
}

TEST_CASE("gradient step: batches that are accumulated are one large batch") {
  Seq2SeqConfig config = step_config();
  config.set_dropout(0);
  Random random(1);
  std::vector<text::Example> examples;
  for (std::size_t i = 0; i < 20; ++i)
    examples.push_back(random_example(random.below(8), random.below(9), config, random));
  const text::Batch large = batch_of(examples);
  const std::size_t tokens = large.target_tokens();
  const auto update = [&](const std::vector<std::size_t>& bounds, std::size_t shards) {
    Seq2Seq<double> model(config, 1);
    Adam<double> adam(model.store());
    WorkerPool pool(2);
    GradientStep<double> step(model.store(), adam, pool);
    StepRequest request{1e-2, 1.0, 0, 5, 1};
    std::vector<Parts<double>> batches;
    for (std::size_t k = 0; k + 1 < bounds.size(); ++k) {
      std::vector<std::size_t> indices;
      for (std::size_t i = bounds[k]; i < bounds[k + 1]; ++i) indices.push_back(i);
      batches.emplace_back(model, text::make_batch(examples, indices), shards, tokens);
    }
    std::vector<ShardedLoss<double>> passes;
    for (const Parts<double>& batch : batches) passes.push_back(batch.all());
    const StepResult result = step.run(passes, request);
    return std::make_tuple(result.loss, result.gradient_norm, values(model));
  };
  const auto [loss, norm, parameters] = update({0, 20}, 2);
  // The second has batches of fewer sentences than shards.
  for (const auto& bounds : std::vector<std::vector<std::size_t>>{{0, 10, 20}, {0, 1, 3, 17, 20}}) {
    const auto [other_loss, other_norm, other_parameters] = update(bounds, 4);
    CHECK(std::abs(other_loss - loss) < 1e-13);
    CHECK(std::abs(other_norm - norm) < 1e-13);
    CHECK(max_difference(other_parameters, parameters) < 1e-10);
  }
}

TEST_CASE("gradient step: passes draw masks of their own") {
  const Seq2SeqConfig config = step_config();
  const Seq2Seq<double> model(config, 1);
  const Parts<double> parts(model, step_batch(config, 1), 2, 10);
  std::vector<double> losses;
  ShardedLoss<double> noted = parts.all();
  noted.loss = [&](std::size_t shard, const Mode& mode) {
    const Tensor<double> loss = parts.all().loss(shard, mode);
    losses.push_back(loss.item());
    return loss;
  };
  Sgd<double> sgd(model.store());
  WorkerPool pool(1);
  GradientStep<double> step(model.store(), sgd, pool);
  step.run({noted, noted}, {});
  REQUIRE(losses.size() == 4);
  CHECK(losses[0] != losses[2]);
  CHECK(losses[1] != losses[3]);
}

TEST_CASE("gradient step: trains a model of one's own, after a loss that threw, too") {
  Random random(2);
  const Array<double> x = uniform<double>({64, 2}, random, -1, 1);
  const Array<double> inside =
      where(sum(square(x), 1, true) < 0.5, ones<double>({64, 1}), zeros<double>({64, 1}));
  ParameterStore<double> store(1);
  const Scope<double> root(store);
  const Linear<double> first(root / "0", 2, 16), second(root / "1", 16, 1);
  Adam<double> adam(store);
  WorkerPool pool(2);
  GradientStep<double> step(store, adam, pool);
  const auto loss = [&](std::size_t shard, const Mode&) {
    const std::size_t begin = 16 * shard;
    const Tensor<double> logits = second(tanh(first(Tensor<double>(x.leading(begin, begin + 16)))));
    return binary_cross_entropy_with_logits(logits,
                                            Tensor<double>(inside.leading(begin, begin + 16))) /
           4;
  };
  const auto throwing = [](std::size_t, const Mode&) -> Tensor<double> {
    throw std::runtime_error("no such batch");
  };
  const std::string nothing = "gradient step: nothing was differentiated since the last update";
  CHECK(message_of<std::logic_error>([&] { step.run({}, {}); }) == nothing);
  double before = 0, after = 0;
  StepRequest request{.learning_rate = 0.05};
  for (request.update = 1; request.update <= 200; ++request.update) {
    if (request.update == 100)
      CHECK_THROWS_AS(step.run({{0, 4, loss}, {0, 4, throwing}}, request), std::runtime_error);
    after = step.run({{0, 4, loss}}, request).loss;
    if (request.update == 1) before = after;
  }
  CHECK(before > 0.5);
  CHECK(after < 0.1);
  CHECK(step.gradient_norms().size() == store.size());
  const Array<double> weight = store.parameters()[0].value();
  CHECK(message_of<std::logic_error>([&] { step.run({}, request); }) == nothing);
  CHECK_THROWS_AS(step.run({{0, 4, throwing}}, request), std::runtime_error);
  CHECK(message_of<std::logic_error>([&] { step.run({}, request); }) == nothing);
  CHECK(message_of<std::logic_error>([&] {
          step.run({{0, 0, loss}}, request);
        }) == "gradient step: no shard has a loss");
  CHECK(equal(store.parameters()[0].value(), weight));
}

TEST_CASE("gradient step: the running mean follows its recurrence") {
  const Seq2SeqConfig config = tiny_config(Architecture::plain);
  Seq2Seq<double> model(config, 1);
  Adam<double> adam(model.store());
  WorkerPool pool(2);
  GradientStep<double> step(model.store(), adam, pool);
  auto expected = values(model);
  StepRequest request{1e-2, 0, 0.4, 5, 0};
  for (request.update = 1; request.update <= 12; ++request.update) {
    run(step, model, batch_of(some_examples(config)), 2, request);
    const double t = static_cast<double>(request.update);
    const double keep = std::min(0.4, (1 + t) / (10 + t));
    const auto now = values(model);
    for (std::size_t i = 0; i < now.size(); ++i)
      expected[i] = keep * expected[i] + (1 - keep) * now[i];
    CHECK(max_difference(step.average(), expected) < 1e-14);
  }
}

std::string divergence(Seq2Seq<float>& model, std::size_t update, Ranks* ranks = nullptr) {
  Sgd<float> sgd(model.store());
  WorkerPool pool(2);
  GradientStep<float> step(model.store(), sgd, pool, ranks);
  StepRequest request;
  request.learning_rate = 1;
  request.update = update;
  const auto before = values(model);
  const text::Batch batch = batch_of(some_examples(model.config()));
  const Parts<float> parts(model, batch, 2, batch.target_tokens());
  const std::size_t begin = ranks ? ranks->rank() : 0;
  const std::string message = message_of<DivergenceError>(
      [&] { step.run({parts.range(begin, ranks ? begin + 1 : 2)}, request); });
  const auto after = values(model);
  for (std::size_t i = 0; i < before.size(); ++i)
    CHECK(std::memcmp(before[i].data(), after[i].data(), before[i].size() * sizeof(float)) == 0);
  return message;
}

TEST_CASE("gradient step: divergence names the update and the tensor, and changes nothing") {
  const Seq2SeqConfig config = tiny_config(Architecture::luong);
  const auto nan = [&](Ranks* ranks) {
    Seq2Seq<float> model(config, 1);
    model.store().at("decoder.readout.bias").mutable_value().data()[1] =
        std::numeric_limits<float>::quiet_NaN();
    return divergence(model, 17, ranks);
  };
  const auto huge = [&](Ranks* ranks) {
    Seq2Seq<float> model(config, 1);
    model.store().at("target_embedding.weight").mutable_value().fill(3e38f);
    return divergence(model, 2, ranks);
  };
  const std::string of_nan = nan(nullptr), of_huge = huge(nullptr);
  CHECK(
      of_nan.starts_with("training diverged at update 17: parameter decoder.readout.bias is not "
                         "finite"));
  CHECK(of_huge.starts_with("training diverged at update 2: "));
  run_ranks(2, [&](Ranks& ranks) {
    CHECK(nan(&ranks) == of_nan);
    CHECK(huge(&ranks).starts_with("training diverged at update 2: "));
  });
}

}  // namespace
}  // namespace babelgrad
