// The decoder's one step: folded over the target, with fused ops or without, looked at by a tap or
// not, it is what all steps at once compute, values and gradients, with dropout and without.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "babelgrad/autograd/modes.h"
#include "tests/models/helpers.h"

namespace babelgrad {
namespace {

using D = Tensor<double>;
constexpr double kStepTolerance = 1e-12;

// Counts what it is told, and changes nothing.
class CountingTap : public Tap<double> {
 public:
  std::size_t positions = 0, steps = 0, weights = 0;

  D on(EncoderPart part, const Place&, const D& x) override {
    positions += part == EncoderPart::state;
    return x;
  }
  D on(DecoderPart part, const Place&, const D& x) override {
    steps += part == DecoderPart::logits;
    weights += part == DecoderPart::weights;
    return x;
  }
};

struct Run {
  D loss;
  std::vector<Array<double>> gradients;
};

Run run_of(const Seq2Seq<double>& model, const D& loss) {
  return {loss, model.store().gradients(loss)};
}

void check_same_run(const Run& a, const Run& b) {
  CHECK(std::abs(a.loss.item() - b.loss.item()) < kStepTolerance);
  // A layer normalisation of a word that is dropped, zeros, has a slope of 1 / sqrt(epsilon), and
  // several of them its powers: such gradients are compared by their size.
  double largest = 1;
  for (const Array<double>& gradient : a.gradients)
    for (const double x : gradient) largest = std::max(largest, std::abs(x));
  INFO("largest element ", largest);
  CHECK(max_difference(a.gradients, b.gradients) < kStepTolerance * largest);
}

// The loss by Decoder::fold, whose steps are made of fused ops.
D folded_loss(const Seq2Seq<double>& model, const text::Batch& batch, const Mode& mode) {
  const std::size_t B = batch.size, T = batch.target_length;
  const Decoder<double>& decoder = model.decoder();
  const auto encoded = encode(model, batch, mode);
  const D readout = decoder
                        .fold(IntArray({T, B}, batch.target_input), decoder.memory(encoded),
                              decoder.initial_state(encoded), mode)
                        .readout;
  return cross_entropy(decoder.logits(readout), IntArray({T, B}, batch.target_output),
                       {text::kPad, 0.1, 0});
}

TEST_CASE("one step: fold = all at once = composed = tapped, for combinations of all settings") {
  const std::vector<NamedConfig> configs = all_configs();
  CHECK(configs.size() > 75);  // attention, score and readout alone have 5 x 5 x 3 values
  for (const NamedConfig& named : configs)
    for (const Mode& mode : {kEvaluation, training_mode()}) {
      INFO(named.name, mode.is_training() ? ", training" : ", evaluation");
      Seq2Seq<double> model(named.config, 1);
      enlarge(model, 2);
      const text::Batch batch = batch_of(some_examples(named.config));
      const LossOptions options{0.1, 0};
      const Run at_once = run_of(model, model.loss(batch, mode.again(), options));
      check_same_run(at_once, run_of(model, folded_loss(model, batch, mode.again())));
      CountingTap tap;
      check_same_run(at_once, run_of(model, model.loss(batch, mode.again(), options, &tap)));
      CHECK(tap.positions == batch.source_length);
      CHECK(tap.steps == batch.target_length);
      CHECK(tap.weights == (!named.config.attends() ? 0 : batch.target_length));
      const ComposedOps composed;
      check_same_run(at_once, run_of(model, model.loss(batch, mode.again(), options)));
    }
}

TEST_CASE("one step: all at once from a later state is the fold from there") {
  for (const NamedConfig& named : tiny_configs()) {
    INFO(named.name);
    const Seq2Seq<double> model(named.config, 1);
    const Decoder<double>& decoder = model.decoder();
    const text::Batch batch = batch_of(some_examples(named.config));
    const auto encoded = encode(model, batch);
    const auto memory = decoder.memory(encoded);
    auto state = decoder.initial_state(encoded);
    decoder.step(full<std::int32_t>({batch.size}, text::kBos), memory, state, kEvaluation);
    const IntArray words({batch.target_length, batch.size}, batch.target_input);
    CHECK(max_difference(decoder.forced(words, memory, state, kEvaluation).readout.value(),
                         decoder.fold(words, memory, state, kEvaluation).readout.value()) <
          kStepTolerance);
  }
}

TEST_CASE("one step: selected hypotheses of selected sentences go on as they would have") {
  for (const NamedConfig& named : tiny_configs()) {
    INFO(named.name);
    const Seq2Seq<double> model(named.config, 1);
    const Decoder<double>& decoder = model.decoder();
    const text::Batch batch = batch_of(some_examples(named.config));
    const auto encoded = encode(model, batch);
    const DecoderMemory<double> memory = decoder.memory(encoded);
    DecoderState<double> state = decoder.initial_state(encoded);
    decoder.step(full<std::int32_t>({batch.size}, text::kBos), memory, state, kEvaluation);
    // Two hypotheses of sentence 4, two of sentence 2.
    const DecoderMemory<double> fewer = memory.select({4, 2});
    DecoderState<double> selected = state.select({4, 2, 4, 2});
    CHECK(selected.rows() == 4);
    const auto whole =
        decoder.step(full<std::int32_t>({batch.size}, 5), memory, state, kEvaluation);
    const auto part = decoder.step(ints({4}, {5, 6, 6, 5}), fewer, selected, kEvaluation);
    CHECK(max_difference(part.readout[0].value(), whole.readout[4].value()) < kStepTolerance);
    CHECK(max_difference(part.readout[3].value(), whole.readout[2].value()) < kStepTolerance);
    CHECK(max_difference(part.readout[1].value(), part.readout[3].value()) > 1e-6);
    CHECK(state.select({3}).rows() == 1);
  }
}

// Replaces one part of the decoder by zeros.
class Silenced : public Tap<double> {
 public:
  explicit Silenced(DecoderPart part) : part_(part) {}
  D on(EncoderPart, const Place&, const D& x) override { return x; }
  D on(DecoderPart part, const Place&, const D& x) override {
    return part == part_ ? D(zeros<double>(x.shape())) : x;
  }

 private:
  DecoderPart part_;
};

TEST_CASE("one step: it goes on with what a tap returns") {
  for (const NamedConfig& named : tiny_configs()) {
    INFO(named.name);
    const Seq2Seq<double> model(named.config, 1);
    const text::Batch batch = batch_of(some_examples(named.config));
    // Monotonic attention is a hard choice but in training.
    const bool hard = named.config.attention == AttentionKind::monotonic;
    const auto mode = [=] { return hard ? training_mode() : kEvaluation; };
    const double before = model.loss(batch, mode()).item();
    for (const DecoderPart part :
         {DecoderPart::initial, DecoderPart::embedding, DecoderPart::cell, DecoderPart::scores,
          DecoderPart::centers, DecoderPart::weights, DecoderPart::context, DecoderPart::readout}) {
      Silenced tap(part);
      const bool there = part == DecoderPart::scores || part == DecoderPart::weights
                             ? named.config.attends()
                         : part == DecoderPart::centers
                             ? named.config.attention == AttentionKind::local_p
                             : part != DecoderPart::context || named.config.has_context();
      const double change = std::abs(model.loss(batch, mode(), {}, &tap).item() - before);
      const bool zero_already =
          part == DecoderPart::initial && named.config.initial_state == InitialState::zero;
      CHECK((change > 1e-9) == (there && !zero_already));
    }
  }
}

TEST_CASE("seq2seq: as a constant it computes the same and has no gradients") {
  for (const NamedConfig& named : tiny_configs()) {
    INFO(named.name);
    const Seq2Seq<double> model(named.config, 1);
    const Seq2Seq<double> constant = model.constant();
    const text::Batch batch = batch_of(some_examples(named.config));
    const D loss = constant.loss(batch, kEvaluation);
    CHECK(loss.item() == model.loss(batch, kEvaluation).item());
    CHECK(!loss.requires_grad());
    CHECK(constant.store().size() == model.store().size());
  }
}

TEST_CASE("decoder: a step with a fixed context by its equations") {
  Seq2SeqConfig config = tiny_config(Architecture::plain);
  config.fixed_context = true;
  config.initial_state = InitialState::zero;
  Seq2Seq<double> model(config, 1);
  enlarge(model, 2);
  const text::Batch batch = batch_of(some_examples(config));
  const auto at = [&](const std::string& name) { return model.store().at("decoder." + name); };
  const auto layer = [&](const Tensor<double>& x, const std::string& name) {
    return linear(x, at(name + ".weight"), at(name + ".bias"));
  };
  const auto encoded = encode(model, batch);
  const DecoderMemory<double> memory = model.decoder().memory(encoded);
  DecoderState<double> state = model.decoder().initial_state(encoded);
  const Tensor<double> c = tanh(layer(encoded.final.back()[0], "fixed_context"));
  Tensor<double> h(zeros<double>({batch.size, config.hidden}));
  for (const std::int32_t word : {text::kBos, 5, 4}) {
    const IntArray words = full<std::int32_t>({batch.size}, word);
    const Tensor<double> e = embedding(model.store().at("target_embedding.weight"), words);
    const auto from_input =
        chunk(linear(cat({e, c}, 1), at("gru.weight_ih_l0"), at("gru.bias_ih_l0")), 3, 1);
    const auto from_state = chunk(linear(h, at("gru.weight_hh_l0"), at("gru.bias_hh_l0")), 3, 1);
    const Tensor<double> r = sigmoid(from_input[0] + from_state[0]);
    const Tensor<double> z = sigmoid(from_input[1] + from_state[1]);
    const Tensor<double> n = tanh(from_input[2] + r * from_state[2]);
    h = (1 - z) * n + z * h;
    const auto output = model.decoder().step(words, memory, state, kEvaluation);
    const Tensor<double> expected = tanh(layer(cat({c, h, e}, 1), "readout"));
    CHECK(max_difference(output.readout.value(), expected.value()) < 1e-14);
    CHECK_FALSE(output.weights.defined());
  }
}

}  // namespace
}  // namespace babelgrad
