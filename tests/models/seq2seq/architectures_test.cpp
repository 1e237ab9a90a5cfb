// Every architecture builds, and its whole loss has right gradients, for every parameter.
#include <doctest/doctest.h>

#include <cmath>

#include "babelgrad/autograd/inspection/gradcheck.h"
#include "tests/models/helpers.h"

namespace babelgrad {
namespace {

TEST_CASE("seq2seq: the loss of every architecture has right gradients, with dropout and without") {
  for (const NamedConfig& named : tiny_configs())
    for (const Mode& mode : {kEvaluation, training_mode()}) {
      INFO(named.name, mode.is_training() ? ", training" : ", evaluation");
      Seq2Seq<double> model(named.config, 1);
      const text::Batch batch = batch_of(some_examples(named.config));
      const auto loss = [&](const std::vector<Tensor<double>>&) {
        return model.loss(batch, mode.again(), {0.1, 0});
      };
      CHECK_NOTHROW(gradcheck(loss, model.store().parameters()));
    }
}

TEST_CASE("seq2seq: every parameter takes part in the loss, in float and in double") {
  for (const NamedConfig& named : tiny_configs()) {
    INFO(named.name);
    Seq2Seq<double> model(named.config, 1);
    Seq2Seq<float> single(named.config, 1);
    const text::Batch batch = batch_of(some_examples(named.config));
    // Monotonic attention is a hard choice but in training.
    const bool hard = named.config.attention == AttentionKind::monotonic;
    const auto mode = [=] { return hard ? training_mode() : kEvaluation; };
    const Tensor<double> loss = model.loss(batch, mode());
    const Tensor<float> single_loss = single.loss(batch, mode());
    CHECK(std::isfinite(loss.item()));
    CHECK(std::abs(loss.item() - static_cast<double>(single_loss.item())) < 1e-5);
    const auto gradients = model.store().gradients(loss);
    const auto single_gradients = single.store().gradients(single_loss);
    for (std::size_t i = 0; i < gradients.size(); ++i) {
      const std::string& parameter = model.store().parameters()[i].name();
      INFO(parameter);
      CHECK(max_difference(gradients[i], zeros<double>(gradients[i].shape())) > 1e-12);
      CHECK(max_difference(gradients[i], single_gradients[i]) < 1e-5);
    }
  }
}

std::vector<std::string> names_of(const Seq2SeqConfig& config) {
  Seq2Seq<float> model(config, 1);
  std::vector<std::string> names;
  for (const Tensor<float>& parameter : model.store().parameters())
    names.push_back(parameter.name() + " " + to_string(parameter.shape()));
  return names;
}

TEST_CASE("seq2seq: the parameters of the default architecture") {
  CHECK(names_of(tiny_config(Architecture::luong)) ==
        std::vector<std::string>{"target_embedding.weight [7, 3]",
                                 "source_embedding.weight [8, 3]",
                                 "encoder.gru.weight_ih_l0 [6, 3]",
                                 "encoder.gru.weight_hh_l0 [6, 2]",
                                 "encoder.gru.bias_ih_l0 [6]",
                                 "encoder.gru.bias_hh_l0 [6]",
                                 "encoder.gru.weight_ih_l0_reverse [6, 3]",
                                 "encoder.gru.weight_hh_l0_reverse [6, 2]",
                                 "encoder.gru.bias_ih_l0_reverse [6]",
                                 "encoder.gru.bias_hh_l0_reverse [6]",
                                 "decoder.initial_l0.weight [4, 4]",
                                 "decoder.initial_l0.bias [4]",
                                 "decoder.gru.weight_ih_l0 [12, 3]",
                                 "decoder.gru.weight_hh_l0 [12, 4]",
                                 "decoder.gru.bias_ih_l0 [12]",
                                 "decoder.gru.bias_hh_l0 [12]",
                                 "decoder.readout.weight [3, 8]",
                                 "decoder.readout.bias [3]",
                                 "decoder.attention.key.weight [4, 4]",
                                 "output.bias [7]"});
}

TEST_CASE("seq2seq: tying and sharing leave out the parameters that they unite") {
  Seq2SeqConfig config = tiny_config(Architecture::plain);
  config.source_vocabulary = config.target_vocabulary;
  const auto has = [](const Seq2SeqConfig& c, const std::string& name) {
    return Seq2Seq<float>(c, 1).store().contains(name);
  };
  CHECK(!has(config, "output.weight"));
  CHECK(has(config, "source_embedding.weight"));
  config.share_embeddings = true;
  CHECK(has(config, "embedding.weight"));
  CHECK(!has(config, "source_embedding.weight"));
  config.tie_output = false;
  CHECK(has(config, "output.weight"));
}

std::string refused_config(Seq2SeqConfig config) {
  return message_of<ConfigError>([&] { Seq2Seq<float>(config, 1); });
}

TEST_CASE("seq2seq: sizes that do not go together are refused with both") {
  Seq2SeqConfig c = tiny_config(Architecture::luong, Score::dot);
  c.hidden = 5;
  CHECK(refused_config(c) == "config: score dot needs hidden, 5, equal to the encoder's states, 4");
  c.score = Score::scaled_dot;
  CHECK(refused_config(c) ==
        "config: score scaled_dot needs hidden, 5, equal to the encoder's states, 4");
  c = tiny_config(Architecture::plain);
  c.attend_from = AttendFrom::previous;
  CHECK(refused_config(c) == "config: attend_from previous needs attention; attention is none");
  c = tiny_config(Architecture::plain);
  c.initial_state = InitialState::zero;
  CHECK(refused_config(c) ==
        "config: initial_state zero with attention none: nothing of the source would reach the "
        "decoder");
  c = tiny_config(Architecture::plain);
  c.input_feeding = true;
  CHECK(refused_config(c) ==
        "config: input_feeding feeds what attention made of the step before; attention is none");
  c = tiny_config(Architecture::luong);
  c.fixed_context = true;
  CHECK(refused_config(c) ==
        "config: fixed_context is of a decoder without attention; attention is global");
  c = tiny_config(Architecture::luong);
  c.share_embeddings = true;
  CHECK(refused_config(c) ==
        "config: share_embeddings needs one vocabulary for both sides; source_vocabulary is 8, "
        "target_vocabulary 7");
  c = tiny_config(Architecture::luong);
  c.readout_size = 5;
  CHECK(refused_config(c) ==
        "config: readout_size is 5, but tie_output needs it equal to embedding, 3");
}

TEST_CASE("seq2seq: one seed gives one model, whatever the order; another seed another") {
  const Seq2SeqConfig config = tiny_config(Architecture::luong);
  Seq2Seq<float> a(config, 3), b(config, 3), c(config, 4);
  const text::Batch batch = batch_of(some_examples(config));
  const float loss = a.loss(batch, kEvaluation).item();
  CHECK(loss == b.loss(batch, kEvaluation).item());
  CHECK(loss != c.loss(batch, kEvaluation).item());
  const float dropped = a.loss(batch, training_mode()).item();
  CHECK(dropped == b.loss(batch, training_mode()).item());
  CHECK(dropped != loss);
  CHECK(a.loss(batch, training_mode(4)).item() != dropped);
}

}  // namespace
}  // namespace babelgrad
