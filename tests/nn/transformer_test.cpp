// Multi-head attention and the Transformer layer against PyTorch (tests/golden/attention.py), and
// convolution layers and Sequential.
#include <doctest/doctest.h>

#include <map>
#include <stdexcept>

#include "babelgrad/nn/conv.h"
#include "babelgrad/nn/sequential.h"
#include "babelgrad/nn/transformer.h"
#include "tests/autograd/helpers.h"
#include "tests/golden/golden.h"

namespace babelgrad {
namespace {

using D = Tensor<double>;
using Named = std::map<std::string, D>;

// The parameters of a store set to the golden ones, all of which must be there.
void set_parameters(const ParameterStore<double>& store, const Json& values) {
  REQUIRE(values.size() == store.size());
  for (D parameter : store.parameters())
    parameter.mutable_value() = golden_array(values.at(parameter.name()));
}

void check_gradients(const D& loss, const ParameterStore<double>& store, Named leaves,
                     const Json& expected) {
  for (const D& parameter : store.parameters()) leaves[parameter.name()] = parameter;
  REQUIRE(expected.size() == leaves.size());
  std::vector<D> tensors;
  for (const auto& [name, tensor] : leaves) tensors.push_back(tensor);
  const auto got = gradients(loss, tensors);
  std::size_t i = 0;
  for (const auto& named : leaves) {
    INFO("gradient of ", named.first);
    CHECK(max_difference(got[i++], golden_array(expected.at(named.first))) < kGoldenTolerance);
  }
}

AttentionScope scope_of(const Json& c) {
  AttentionScope look_at{.causal = c["causal"].get<bool>()};
  if (!c["key_lengths"].is_null()) look_at.lengths = golden_ints(c["key_lengths"]);
  return look_at;
}

void check_attention(const Json& c, const Json& parameters, const MultiHeadOptions& options) {
  ParameterStore<double> store;
  const MultiHeadAttention<double> layer(Scope<double>(store), options);
  set_parameters(store, parameters);
  Named leaves{{"query", D(golden_array(c["query"]), kRequiresGrad)}};
  const D query = leaves["query"];
  MultiHeadResult<double> result;
  if (c.contains("memory")) {
    const D memory = leaves["memory"] = D(golden_array(c["memory"]), kRequiresGrad);
    result = layer(query, memory, memory, scope_of(c));
  } else {
    result = layer(query, scope_of(c));
    const auto separately = layer(query, query, query, scope_of(c));
    CHECK(max_difference(result.output.value(), separately.output.value()) < kGoldenTolerance);
  }
  CHECK(max_difference(result.output.value(), golden_array(c["output"])) < kGoldenTolerance);
  CHECK(max_difference(result.weights.value(), golden_array(c["weights"])) < kGoldenTolerance);
  D loss = weighted_sum(result.output, golden_array(c["cotangent"]));
  if (c.contains("cotangent_weights"))
    loss += weighted_sum(result.weights, golden_array(c["cotangent_weights"]));
  check_gradients(loss, store, leaves, c["gradients"]);
}

TEST_CASE("golden: nn.MultiheadAttention") {
  const Json g = golden("multihead_attention");
  CHECK(g["cases"].size() == 6);
  for (const auto& c : g["cases"].items()) {
    INFO(c.key());
    check_attention(c.value(), g["parameters"],
                    {.embed_size = 4, .heads = g["heads"].get<std::size_t>()});
  }
  const Json& c = g["cross_sizes"];
  check_attention(c, c["parameters"],
                  {.embed_size = 4, .heads = 2, .key_size = 3, .value_size = 3});
}

TEST_CASE("golden: nn.TransformerEncoderLayer") {
  const Json g = golden("transformer_encoder_layer");
  const IntArray lengths = golden_ints(g["lengths"]);
  CHECK(g["cases"].size() == 3);
  for (const Json& c : g["cases"]) {
    INFO(c["activation"], ", norm first: ", c["norm_first"]);
    TransformerOptions<double> options{.model_size = 4, .heads = 2, .feedforward_size = 6};
    if (c["norm_first"].get<bool>()) options.norm = NormPlace::before;
    if (c["activation"] == "gelu")
      options.activation = [](const D& x) { return x * 0.5 * (1 + erf(x * std::sqrt(0.5))); };
    ParameterStore<double> store;
    const TransformerEncoderLayer<double> layer(Scope<double>(store), options);
    set_parameters(store, g["parameters"]);
    const D x(golden_array(g["x"]), kRequiresGrad);
    const D output = layer(x, {.lengths = lengths, .causal = c["causal"].get<bool>()});
    const Array<double> expected = golden_array(c["output"]);
    for (std::size_t t = 0; t < 4; ++t)
      for (std::size_t b = 0; b < 2; ++b)
        for (std::size_t e = 0; e < 4 && static_cast<int>(t) < lengths(b); ++e)
          CHECK(std::abs(output(t, b, e) - expected(t, b, e)) < kGoldenTolerance);
    const D loss = weighted_sum(output, golden_array(g["cotangent"]));
    check_gradients(loss, store, {{"x", x}}, c["gradients"]);
  }
}

TEST_CASE("multihead attention: bad sizes are refused, dropout is on in training alone") {
  ParameterStore<double> store;
  const Scope<double> root(store);
  CHECK(message_of<std::invalid_argument>([&] {
          MultiHeadAttention<double>(root, {.embed_size = 5, .heads = 2});
        }) == "multihead_attention: need an embed_size that is a multiple of 2 heads; got 5");
  const MultiHeadAttention<double> layer(root, {.embed_size = 4, .heads = 2, .dropout = 0.5});
  const D x = random_leaf({3, 2, 4}, 1);
  CHECK(message_of<ShapeError>([&] {
          layer(x, x, random_leaf({2, 2, 4}, 1));
        }) ==
        "multihead_attention: need queries [T, B, 4], keys [S, B, 4] and values [S, B, 4]; got "
        "queries [3, 2, 4], keys [3, 2, 4], values [2, 2, 4]");
  CHECK(message_of<ShapeError>([&] {
          layer(random_leaf({3, 4}, 1));
        }).starts_with("multihead_attention: need queries [T, B, 4]"));
  CHECK(message_of<ShapeError>([&] {
          layer(x, {.lengths = ints({3}, {1, 1, 1})});
        }) == "multihead_attention: need lengths [B]; got lengths [3], batch [2]");
  const auto zeros_in = [&](const Mode& mode) { return count(layer(x, {}, mode).weights == 0); };
  CHECK(zeros_in(kEvaluation) == 0);
  CHECK(zeros_in(Mode::training(1, 1)) > 0);
}

TEST_CASE("layers: convolutions have PyTorch's shapes and bounds; Sequential applies in order") {
  ParameterStore<double> store;
  const Scope<double> root(store);
  const Conv2d<double> conv(root / "conv2d", 3, 8, {4, 2}, {.stride = 2, .padding = 1});
  const Conv1d<double> line(root / "conv1d", 4, 6, 9, {.padding = 4}, Bias::without);
  CHECK(store.at("conv2d.weight").shape() == Shape{8, 3, 4, 2});
  CHECK(store.at("conv2d.bias").shape() == Shape{8});
  CHECK(store.at("conv1d.weight").shape() == Shape{6, 4, 9});
  CHECK(store.size() == 3);
  for (const char* name : {"conv2d.weight", "conv1d.weight"}) {
    const double largest = amax(abs(store.at(name))).item();
    const double bound = 1 / std::sqrt(name[4] == '2' ? 24.0 : 36.0);
    CHECK(largest <= bound);
    CHECK(largest > 0.9 * bound);
  }
  const D picture = random_leaf({2, 3, 6, 6}, 1);
  const Sequential<double> net{conv, relu<double>, [](const D& x) { return flatten(x, 1); }};
  const D expected = flatten(relu(conv2d(picture, store.at("conv2d.weight"),
                                         store.at("conv2d.bias"), {.stride = 2, .padding = 1})),
                             1);
  CHECK(net(picture).shape() == Shape{2, 8 * 3 * 4});
  CHECK(max_difference(net(picture).value(), expected.value()) == 0);
  CHECK(line(random_leaf({2, 4, 5}, 1)).shape() == Shape{2, 6, 5});
}

}  // namespace
}  // namespace babelgrad
