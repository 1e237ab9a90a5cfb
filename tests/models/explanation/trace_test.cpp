// The trace of a sentence: the fused run's numbers, the words that search chooses, gradients that
// agree with those of the fused model and with finite differences, and what an intervention does.
#include "babelgrad/models/explanation/trace.h"

#include <doctest/doctest.h>

#include "babelgrad/models/search/search.h"
#include "tests/models/helpers.h"
#include "tests/models/initial_states.h"

namespace babelgrad {
namespace {

// Large parameters, so that gates and attention are far from flat.
template <class T>
Seq2Seq<T> lively_model(const Seq2SeqConfig& config) {
  Seq2Seq<T> model(config, 5);
  enlarge(model, 2);
  return model;
}

std::vector<std::int32_t> with_eos(std::vector<std::int32_t> words) {
  words.push_back(text::kEos);
  return words;
}

template <class T>
Trace<T> trace_of(const Seq2Seq<T>& model, const text::Example& example) {
  const std::vector<std::int32_t> target = with_eos(example.target);
  return trace(model, {example.source, target, target.size()});
}

template <class T>
double log_probability(const StepTrace<T>& step) {
  return static_cast<double>(step.log_probabilities.value().data()[step.output]);
}

template <class T>
void check_equals_fused_run(double tolerance) {
  for (const NamedConfig& named : tiny_configs())
    for (const text::Example& example : some_examples(named.config)) {
      INFO(named.name);
      const Seq2Seq<T> model = lively_model<T>(named.config);
      const auto forced = model.force(text::make_batch({example}, {0}));
      const Trace<T> traced = trace_of(model, example);
      REQUIRE(traced.steps.size() == example.target.size() + 1);
      for (std::size_t t = 0; t < traced.steps.size(); ++t) {
        const StepTrace<T>& step = traced.steps[t];
        CHECK(std::abs(log_probability(step) -
                       static_cast<double>(forced.log_probabilities.data()[t])) < tolerance);
        REQUIRE(step.weights.defined() == named.config.attends());
        for (std::size_t s = 0; step.weights.defined() && s < traced.source.size(); ++s)
          CHECK(std::abs(static_cast<double>(step.weights.value().data()[s]) -
                         static_cast<double>(
                             forced.weights.value().data()[t * traced.source.size() + s])) <
                tolerance);
      }
    }
}

TEST_CASE("trace: log-probabilities and weights are the fused run's") {
  check_equals_fused_run<double>(1e-12);
  check_equals_fused_run<float>(1e-5);
}

TEST_CASE("trace: the states handed over are the encoder's") {
  for (const NamedConfig& named : tiny_configs())
    for (const text::Example& example : some_examples(named.config)) {
      INFO(named.name);
      const Seq2Seq<double> model = lively_model<double>(named.config);
      const EncoderOutput<double> encoded =
          model.encoder()(text::make_batch({example}, {0}), kEvaluation);
      const Trace<double> traced = trace_of(model, example);
      const Array<double> states = cat(traced.encoder_states, 0).value();
      CHECK(max_difference(states, encoded.states.value().reshaped(states.shape())) < 1e-12);
      InitialStates<double> fused;
      model.decoder().initial_state(encoded, &fused);
      const std::vector<Tensor<double>>& initial = fused.seen;
      REQUIRE(initial.size() == traced.initial.size());
      for (std::size_t layer = 0; layer < initial.size(); ++layer)
        CHECK(max_difference(initial[layer].value(), traced.initial[layer].value()) < 1e-12);
    }
}

TEST_CASE("trace: without words to follow it is greedy search") {
  for (const NamedConfig& named : tiny_configs())
    for (const text::Example& example : some_examples(named.config)) {
      INFO(named.name);
      const Seq2Seq<double> model = lively_model<double>(named.config);
      SearchConfig greedy;
      greedy.beam = 1;
      const Hypothesis expected = search(model, {example.source}, greedy)[0][0];
      const Trace<double> traced =
          trace(model, {example.source, {}, longest_output(example.source.size(), greedy)});
      std::vector<std::int32_t> words;
      double sum = 0;
      for (const StepTrace<double>& step : traced.steps) {
        words.push_back(step.output);
        sum += log_probability(step);
      }
      CHECK(words == expected.tokens);
      CHECK(std::abs(sum - expected.log_probability) < 1e-11);
    }
}

double row_norm(const Array<double>& table, std::int32_t row) {
  const std::size_t columns = table.shape()[1];
  double sum = 0;
  for (std::size_t i = 0; i < columns; ++i) {
    const double x = table.data()[static_cast<std::size_t>(row) * columns + i];
    sum += x * x;
  }
  return std::sqrt(sum);
}

// Each word of the pair occurs once, so that the gradient of its embedding is that of its row. The
// log-probability of word t is the difference of two losses of the fused model: up to t, before t.
TEST_CASE("trace: gradients at the embeddings are those of the fused model's parameters") {
  for (const NamedConfig& named : tiny_configs()) {
    if (named.config.share_embeddings || named.config.tie_output || named.config.feature_size > 0)
      continue;  // rows with other uses, too
    INFO(named.name);
    const Seq2Seq<double> model = lively_model<double>(named.config);
    const text::Example example{{5, 7, 4, 6, text::kEos}, {4, 6, 5}};
    const Trace<double> traced = trace_of(model, example);
    const std::vector<GradientNorms> norms = gradient_norms(traced);
    for (std::size_t t = 0; t < traced.steps.size(); ++t) {
      text::Batch batch = text::make_batch({example}, {0});
      for (std::size_t k = 0; k < batch.target_length; ++k)
        if (k != t) batch.target_output[k] = text::kPad;  // counts for nothing
      const Tensor<double> loss = model.loss(batch, kEvaluation);
      CHECK(std::abs(loss.item() + log_probability(traced.steps[t])) < 1e-12);
      const auto gradient = gradients(loss, {model.store().at("source_embedding.weight"),
                                             model.store().at("target_embedding.weight")});
      for (std::size_t s = 0; s < example.source.size(); ++s)
        CHECK(std::abs(norms[t].source_embeddings[s] -
                       row_norm(gradient[0], example.source.ids[s])) < 1e-12);
      REQUIRE(norms[t].target_embeddings.size() == t + 1);
      for (std::size_t k = 0; k <= t; ++k)
        CHECK(std::abs(norms[t].target_embeddings[k] -
                       row_norm(gradient[1], traced.steps[k].input)) < 1e-12);
    }
  }
}

// log p of the trace's words from given encoder and initial states, by the fused decoder.
class FusedDecoder {
 public:
  FusedDecoder(const Seq2Seq<double>& model, const Trace<double>& traced)
      : model_(model), S_(traced.source.size()) {
    for (const StepTrace<double>& step : traced.steps) {
      inputs_.push_back(step.input);
      outputs_.push_back(step.output);
    }
  }

  double log_probability(std::size_t t, const Array<double>& states,
                         const DecoderState<double>& initial) const {
    const EncoderOutput<double> encoded{
        Tensor<double>(states), {}, IntArray({1}, {static_cast<std::int32_t>(S_)})};
    const std::size_t steps = inputs_.size();
    const Tensor<double> readout =
        model_.decoder()
            .forced(IntArray({steps, 1}, inputs_), model_.decoder().memory(encoded), initial,
                    kEvaluation)
            .readout;
    const Tensor<double> log_p = log_softmax(model_.decoder().logits(readout), -1);
    return log_p.value().data()[t * log_p.dim(2) + static_cast<std::size_t>(outputs_[t])];
  }

 private:
  const Seq2Seq<double>& model_;
  std::size_t S_;
  std::vector<std::int32_t> inputs_, outputs_;
};

template <class Function>
double finite_difference(double& x, Function value) {
  constexpr double kStep = 1e-6;
  const double before = x;
  x = before + kStep;
  const double above = value();
  x = before - kStep;
  const double below = value();
  x = before;
  return (above - below) / (2 * kStep);
}

TEST_CASE("trace: gradients at the states are finite differences through the fused decoder") {
  for (const NamedConfig& named : tiny_configs()) {
    if (named.config.encoder_layers > 1 || named.config.decoder_layers > 1 ||
        named.config.cell == CellKind::lstm || named.config.fixed_context)
      continue;  // lower layers' states and cells reach the initial state, last states the context
    INFO(named.name);
    const Seq2Seq<double> model = lively_model<double>(named.config);
    const std::size_t S = 4, E = named.config.encoder_size(), n = named.config.encoder_hidden;
    Random random(1);
    const Trace<double> traced = trace_of(model, random_example(3, 2, named.config, random));
    const std::vector<GradientNorms> norms = gradient_norms(traced);
    const FusedDecoder decoder(model, traced);
    Array<double> states = reshape(cat(traced.encoder_states, 0), {S, 1, E}).value();
    // An initial state that does not follow `states`.
    const auto given = [&](const Tensor<double>& state) {
      InitialStates<double> tap;
      tap.given = {state};
      const EncoderOutput<double> encoded{
          Tensor<double>(states), {{Tensor<double>(zeros<double>({1, E}))}}, ints({1}, {4})};
      return model.decoder().initial_state(encoded, &tap);
    };
    const auto following = [&] {
      EncoderOutput<double> encoded;
      encoded.states = Tensor<double>(states);
      Array<double> last = uninitialized<double>({1, E});
      for (std::size_t i = 0; i < E; ++i)
        last.data()[i] =
            states.data()[(i < n && !named.config.reverse_source ? (S - 1) * E : 0) + i];
      encoded.final = {{Tensor<double>(last)}};
      encoded.lengths = ints({1}, {4});
      return model.decoder().initial_state(encoded);
    };
    for (std::size_t t = 0; t < traced.steps.size(); ++t) {
      for (std::size_t s = 0; s < S; ++s) {
        double sum = 0;
        for (std::size_t i = 0; i < E; ++i) {
          const double slope = finite_difference(states.data()[s * E + i], [&] {
            return decoder.log_probability(t, states, following());
          });
          sum += slope * slope;
        }
        CHECK(std::abs(norms[t].encoder_states[s] - std::sqrt(sum)) < 1e-7);
      }
      Array<double> initial = traced.initial[0].value();
      double sum = 0;
      for (double& x : initial) {
        const double slope = finite_difference(
            x, [&] { return decoder.log_probability(t, states, given(Tensor<double>(initial))); });
        sum += slope * slope;
      }
      CHECK(std::abs(norms[t].decoder_states[0] - std::sqrt(sum)) < 1e-7);
    }
  }
}

TEST_CASE("trace: sizes of the gradient norms") {
  for (const NamedConfig& named : tiny_configs()) {
    INFO(named.name);
    const Seq2Seq<float> model = lively_model<float>(named.config);
    Random random(1);
    const auto norms = gradient_norms(trace_of(model, random_example(2, 2, named.config, random)));
    REQUIRE(norms.size() == 3);
    for (std::size_t t = 0; t < norms.size(); ++t) {
      CHECK(norms[t].encoder_states.size() == 3);
      CHECK(norms[t].encoder_forward.size() == 3);
      CHECK(norms[t].encoder_backward.size() == (named.config.bidirectional ? 3 : 0));
      CHECK(norms[t].source_embeddings.size() == 3);
      CHECK(norms[t].decoder_states.size() == t + 2);
      CHECK(norms[t].target_embeddings.size() == t + 1);
      CHECK(norms[t].state == norms[t].decoder_states.back());
      CHECK((norms[t].context > 0) == named.config.has_context());
    }
  }
}

TEST_CASE("trace: a masked position gets no weight, and the others share it as they did") {
  const Seq2Seq<double> model = lively_model<double>(tiny_config(Architecture::luong));
  TraceRequest request{{4, 6, 5, text::kEos}, {5}, 1};
  const Array<double> before = trace(model, request).steps[0].weights.value();
  request.intervention.masked = {1};
  const Array<double> after = trace(model, request).steps[0].weights.value();
  CHECK(after.data()[1] == 0);
  for (const std::size_t s : {0, 2, 3})
    CHECK(std::abs(after.data()[s] - before.data()[s] / (1 - before.data()[1])) < 1e-14);
}

TEST_CASE("trace: given weights are normalised and make the context of their step") {
  for (const Architecture architecture : {Architecture::luong, Architecture::bahdanau}) {
    const Seq2Seq<double> model = lively_model<double>(tiny_config(architecture));
    TraceRequest request{{4, 6, 5, text::kEos}, {5, 4}, 3};
    const Trace<double> before = trace(model, request);
    request.intervention.weights[1] = {0, 0, 2, 0};
    const Trace<double> after = trace(model, request);
    CHECK(max_difference(after.steps[0].readout.value(), before.steps[0].readout.value()) == 0);
    CHECK(max_difference(after.steps[1].context.value(), before.encoder_states[2].value()) == 0);
    CHECK(max_difference(after.steps[1].readout.value(), before.steps[1].readout.value()) > 1e-6);
    CHECK(gradient_norms(after)[1].encoder_states[2] > 0);
  }
}

TEST_CASE("trace: a plain model has no attention to change") {
  const Seq2Seq<double> model = lively_model<double>(tiny_config(Architecture::plain));
  TraceRequest request{{4, 6, text::kEos}, {5}, 1};
  const Array<double> before = trace(model, request).steps[0].readout.value();
  request.intervention.masked = {1};
  CHECK(max_difference(trace(model, request).steps[0].readout.value(), before) == 0);
}

std::string refused_intervention(const Intervention& intervention) {
  const Seq2Seq<double> model(tiny_config(Architecture::luong), 1);
  try {
    trace(model, {{4, 6, text::kEos}, {}, 1, intervention});
  } catch (const InterventionError& error) {
    return error.what();
  }
  return "accepted";
}

TEST_CASE("trace: what cannot be intervened with is named") {
  const double infinity = std::numeric_limits<double>::infinity();
  const std::string sum = "intervention: the weights of step 0 need a positive, finite sum";
  CHECK(refused_intervention({{3}, {}}) == "intervention: position 3 is masked; need 0 to 2");
  CHECK(refused_intervention({{0, 2, 1}, {}}) == "intervention: all 3 positions are masked");
  CHECK(refused_intervention({{}, {{2, {1, 1}}}}) == "intervention: step 2 has 2 weights; need 3");
  CHECK(refused_intervention({{}, {{0, {1, -1, 2}}}}) ==
        "intervention: step 0 has a negative weight");
  CHECK(refused_intervention({{}, {{0, {0, 0, 0}}}}) == sum);
  CHECK(refused_intervention({{}, {{0, {1, infinity, 0}}}}) == sum);
  const Seq2Seq<double> model(tiny_config(Architecture::luong), 1);
  CHECK_THROWS_WITH(trace(model, {{}, {}, 1}), "trace: need at least one source word");
}

}  // namespace
}  // namespace babelgrad
