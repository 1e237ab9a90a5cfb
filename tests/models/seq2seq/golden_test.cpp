// The whole model against PyTorch's, in double: loss, attention and every gradient
// (tests/golden/make_golden.py, seq2seq).
#include <doctest/doctest.h>

#include <map>

#include "tests/golden/golden.h"
#include "tests/models/helpers.h"

namespace babelgrad {
namespace {

// Our name of a parameter of the golden file.
std::string our_name(const std::string& name) {
  static const std::map<std::string, std::string> names{
      {"source_embedding", "source_embedding.weight"},
      {"target_embedding", "target_embedding.weight"},
      {"W_init", "decoder.initial_l0.weight"},
      {"b_init", "decoder.initial_l0.bias"},
      {"W_a", "decoder.attention.key.weight"},
      {"W_c", "decoder.readout.weight"},
      {"b_c", "decoder.readout.bias"},
      {"W_o", "output.weight"},
      {"b_o", "output.bias"}};
  const auto found = names.find(name);
  if (found != names.end()) return found->second;
  const std::size_t dot = name.find('.');  // encoder.weight_ih_l0
  return name.substr(0, dot) + ".gru" + name.substr(dot);
}

// Row by row, -1 as padding.
std::vector<std::int32_t> ids(const Json& rows) {
  const IntArray array = golden_ints(rows);
  std::vector<std::int32_t> values(array.begin(), array.end());
  for (std::int32_t& value : values) value = std::max(value, text::kPad);
  return values;
}

text::Batch golden_batch(const Json& g) {
  text::Batch batch;
  batch.size = g["source_lengths"].size();
  batch.source_length = g["source"].size();
  batch.target_length = g["target_input"].size();
  batch.source = ids(g["source"]);
  batch.source_lengths = ids(g["source_lengths"]);
  batch.target_input = ids(g["target_input"]);
  batch.target_output = ids(g["target_output"]);
  batch.target_lengths.resize(batch.size);
  for (std::size_t i = 0; i < batch.target_output.size(); ++i)
    batch.target_lengths[i % batch.size] += batch.target_output[i] != text::kPad;
  return batch;
}

Seq2SeqConfig golden_config(const Json& parameters) {
  const auto shape = [&](const char* name) { return golden_array(parameters[name]).shape(); };
  Seq2SeqConfig c;
  c.source_vocabulary = shape("source_embedding")[0];
  c.target_vocabulary = shape("target_embedding")[0];
  c.embedding = shape("source_embedding")[1];
  c.encoder_hidden = shape("W_a")[1] / 2;
  c.hidden = shape("W_a")[0];
  c.tie_output = c.share_embeddings = false;
  return c;
}

TEST_CASE("seq2seq: loss, attention and gradients of Luong's model are PyTorch's") {
  const Json g = golden("seq2seq");
  Seq2Seq<double> model(golden_config(g["parameters"]), 1);
  CHECK(model.store().size() == g["parameters"].size());
  for (const auto& [name, value] : g["parameters"].items()) {
    Tensor<double> parameter = model.store().at(our_name(name));
    REQUIRE(parameter.shape() == golden_array(value).shape());
    parameter.mutable_value() = golden_array(value);
  }
  const text::Batch batch = golden_batch(g);
  const Tensor<double> loss = model.loss(batch, kEvaluation, {g["label_smoothing"], 0});
  CHECK(std::abs(loss.item() - g["loss"].get<double>()) < kGoldenTolerance);
  CHECK(max_difference(model.force(batch).weights.value(), golden_array(g["attention_weights"])) <
        kGoldenTolerance);
  const auto gradients = model.store().gradients(loss);
  for (const auto& expected : g["gradients"].items())
    for (std::size_t i = 0; i < gradients.size(); ++i) {
      if (model.store().parameters()[i].name() != our_name(expected.key())) continue;
      INFO(expected.key());
      CHECK(max_difference(gradients[i], golden_array(expected.value())) < kGoldenTolerance);
    }
}

}  // namespace
}  // namespace babelgrad
