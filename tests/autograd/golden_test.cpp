// Values and gradients against PyTorch's, in double (tests/golden/make_golden.py).
#include <doctest/doctest.h>

#include <functional>
#include <map>

#include "babelgrad/autograd/backward.h"
#include "tests/autograd/helpers.h"
#include "tests/golden/golden.h"

namespace babelgrad {
namespace {

using D = Tensor<double>;

D leaf(const Json& json) { return D(golden_array(json), kRequiresGrad); }

// Named leaves, and PyTorch's gradients of them.
class Leaves {
 public:
  D& operator[](const std::string& name) { return leaves_[name]; }
  const D& at(const std::string& name) const { return leaves_.at(name); }

  void read(const Json& object) {
    for (const auto& [name, value] : object.items()) leaves_[name] = leaf(value);
  }

  RecurrentWeights<double> weights(const std::string& prefix, const std::string& suffix) const {
    return {at(prefix + "weight_ih" + suffix), at(prefix + "weight_hh" + suffix),
            at(prefix + "bias_ih" + suffix), at(prefix + "bias_hh" + suffix)};
  }

  void check_gradients(const D& loss, const Json& expected) const {
    std::vector<D> tensors;
    for (const auto& [name, tensor] : leaves_) tensors.push_back(tensor);
    const std::vector<Array<double>> got = gradients(loss, tensors);
    CHECK(expected.size() == leaves_.size());
    std::size_t i = 0;
    for (const auto& named : leaves_) {
      INFO("gradient of ", named.first);
      CHECK(max_difference(got[i++], golden_array(expected.at(named.first))) < kGoldenTolerance);
    }
  }

 private:
  std::map<std::string, D> leaves_;
};

void check_value(const D& tensor, const Json& expected) {
  CHECK(max_difference(tensor.value(), golden_array(expected)) < kGoldenTolerance);
}

D step_of(const D& states, std::size_t t) {
  return reshape(slice(states, 0, t, t + 1), {states.dim(1), states.dim(2)});
}

struct Bidirectional {
  D states;                         // [T, B, 2H]
  D forward_final, backward_final;  // [B, H]
};

Bidirectional run_both(const D& x, const GruWeights<double>& forward,
                       const GruWeights<double>& backward, const IntArray& lengths, const D& h_f,
                       const D& h_b) {
  const D f = gru(x, h_f, forward, lengths), b = gru(x, h_b, backward, lengths, Direction::reverse);
  return {cat({f, b}, 2), step_of(f, x.dim(0) - 1), step_of(b, 0)};
}

// One direction of one layer over x: states, and final state or states.
using RunLayer = std::function<std::pair<D, std::vector<D>>(
    const D& x, const std::vector<D>& initial, const RecurrentWeights<double>& weights,
    const IntArray& lengths, Direction direction)>;

// Two layers in both directions over packed sequences; `letters` are those of the states.
void check_layers(const std::string& name, const std::vector<std::string>& letters,
                  const RunLayer& run) {
  const Json g = golden(name);
  const IntArray lengths = golden_ints(g["lengths"]);
  Leaves leaves;
  leaves.read(g["parameters"]);
  leaves["x"] = leaf(g["x"]);
  for (const std::string& s : letters) leaves[s + "_0"] = leaf(g[s + "_0"]);
  D x = leaves["x"];
  std::vector<std::vector<D>> finals(letters.size());
  for (const std::string layer : {"_l0", "_l1"}) {
    std::vector<D> both;
    for (const Direction direction : {Direction::forward, Direction::reverse}) {
      std::vector<D> initial;
      for (const std::string& s : letters)
        initial.push_back(step_of(leaves[s + "_0"], finals[0].size()));
      const std::string suffix = layer + (direction == Direction::reverse ? "_reverse" : "");
      const auto [states, final] = run(x, initial, leaves.weights("", suffix), lengths, direction);
      both.push_back(states);
      for (std::size_t i = 0; i < letters.size(); ++i) finals[i].push_back(final[i]);
    }
    x = cat(both, 2);
  }
  check_value(D(zero_padding(x.value(), lengths)), g["output"]);
  D loss = weighted_sum(x, zero_padding(golden_array(g["cotangent_output"]), lengths));
  for (std::size_t i = 0; i < letters.size(); ++i) {
    const std::string last = letters[i] + "_n";
    check_value(stack(finals[i], 0), g[last]);
    loss = loss + weighted_sum(stack(finals[i], 0), golden_array(g["cotangent_" + last]));
  }
  CHECK(std::abs(loss.item() - g["loss"].get<double>()) < kGoldenTolerance);
  leaves.check_gradients(loss, g["gradients"]);
}

D final_of(const D& states, Direction direction) {
  return direction == Direction::reverse ? states[0] : states[-1];
}

TEST_CASE("golden: nn.GRU of two layers in both directions over packed sequences") {
  check_layers("gru", {"h"},
               [](const D& x, const auto& h, const auto& w, const auto& lengths, Direction d) {
                 const D states = gru(x, h[0], w, lengths, d);
                 return std::pair(states, std::vector<D>{final_of(states, d)});
               });
}

TEST_CASE("golden: nn.LSTM of two layers in both directions over packed sequences") {
  check_layers("lstm", {"h", "c"},
               [](const D& x, const auto& hc, const auto& w, const auto& lengths, Direction d) {
                 const auto run = lstm(x, {hc[0], hc[1]}, w, lengths, d);
                 return std::pair(run.states, std::vector<D>{final_of(run.states, d), run.cell});
               });
}

TEST_CASE("golden: nn.RNN of two layers in both directions over packed sequences") {
  check_layers("rnn", {"h"},
               [](const D& x, const auto& h, const auto& w, const auto& lengths, Direction d) {
                 const D states = rnn(x, h[0], w, lengths, d);
                 return std::pair(states, std::vector<D>{final_of(states, d)});
               });
}

TEST_CASE("golden: nn.GRUCell and nn.RNNCell") {
  for (const std::string name : {"gru_cell", "rnn_cell"}) {
    INFO(name);
    const Json g = golden(name);
    Leaves leaves;
    leaves.read(g["parameters"]);
    for (const char* input : {"x", "h"}) leaves[input] = leaf(g[input]);
    const auto cell = name == "gru_cell" ? gru_cell<double> : rnn_cell<double>;
    const D output = cell(leaves["x"], leaves["h"], leaves.weights("", ""));
    check_value(output, g["output"]);
    leaves.check_gradients(weighted_sum(output, golden_array(g["cotangent"])), g["gradients"]);
  }
}

TEST_CASE("golden: nn.LSTMCell") {
  const Json g = golden("lstm_cell");
  Leaves leaves;
  leaves.read(g["parameters"]);
  for (const char* input : {"x", "h", "c"}) leaves[input] = leaf(g[input]);
  const LstmState<double> next =
      lstm_cell(leaves["x"], {leaves["h"], leaves["c"]}, leaves.weights("", ""));
  check_value(next.h, g["output_h"]);
  check_value(next.c, g["output_c"]);
  leaves.check_gradients(weighted_sum(next.h, golden_array(g["cotangent_h"])) +
                             weighted_sum(next.c, golden_array(g["cotangent_c"])),
                         g["gradients"]);
}

TEST_CASE("golden: Luong's attention with the general score") {
  const Json g = golden("luong_attention");
  Leaves leaves;
  for (const char* name : {"queries", "encoder_states", "W_a"}) leaves[name] = leaf(g[name]);
  const D states = leaves["encoder_states"];
  const Attention<double> attention = dot_attention(
      leaves["queries"], linear(states, leaves["W_a"]), states, golden_ints(g["lengths"]));
  check_value(attention.context, g["context"]);
  CHECK(max_difference(attention.weights.value(), golden_array(g["weights"])) < kGoldenTolerance);
  leaves.check_gradients(weighted_sum(attention.context, golden_array(g["cotangent"])),
                         g["gradients"]);
}

TEST_CASE("golden: Bahdanau's attention") {
  const Json g = golden("additive_attention");
  Leaves leaves;
  for (const char* name : {"queries", "keys", "v", "values"}) leaves[name] = leaf(g[name]);
  const Attention<double> attention = additive_attention(
      leaves["queries"], leaves["keys"], leaves["v"], leaves["values"], golden_ints(g["lengths"]));
  check_value(attention.context, g["context"]);
  CHECK(max_difference(attention.weights.value(), golden_array(g["weights"])) < kGoldenTolerance);
  leaves.check_gradients(weighted_sum(attention.context, golden_array(g["cotangent"])),
                         g["gradients"]);
}

TEST_CASE("golden: cross-entropy with ignore_index and label smoothing") {
  const Json g = golden("cross_entropy");
  const IntArray targets = golden_ints(g["targets"]);
  CHECK(g["cases"].size() == 4);
  for (const Json& c : g["cases"]) {
    const std::string reduction = c["reduction"];
    INFO("smoothing ", c["label_smoothing"].get<double>(), ", ", reduction);
    const D logits = leaf(g["logits"]);
    const D loss = cross_entropy(logits, targets,
                                 {.ignore_index = g["ignore_index"].get<std::int32_t>(),
                                  .label_smoothing = c["label_smoothing"].get<double>(),
                                  .normalizer = reduction == "sum" ? 1.0 : 0.0});
    CHECK(std::abs(loss.item() - c["loss"].get<double>()) < kGoldenTolerance);
    CHECK(max_difference(gradients(loss, {logits})[0], golden_array(c["gradient"])) <
          kGoldenTolerance);
  }
}

TEST_CASE("golden: layer_norm") {
  const Json g = golden("layer_norm");
  Leaves leaves;
  for (const char* name : {"x", "weight", "bias"}) leaves[name] = leaf(g[name]);
  const D output =
      layer_norm(leaves["x"], leaves["weight"], leaves["bias"], g["eps"].get<double>());
  check_value(output, g["output"]);
  leaves.check_gradients(weighted_sum(output, golden_array(g["cotangent"])), g["gradients"]);
}

TEST_CASE("golden: activations, their gradients and second gradients, arguments up to 800") {
  using Function = std::function<D(const D&)>;
  const std::map<std::string, Function> functions{
      {"gelu", [](const D& x) { return gelu(x); }},
      {"gelu_tanh", [](const D& x) { return gelu(x, Approximate::tanh); }},
      {"silu", [](const D& x) { return silu(x); }},
      {"softplus", [](const D& x) { return softplus(x); }},
      {"elu", [](const D& x) { return elu(x); }},
      {"elu_alpha", [](const D& x) { return elu(x, 0.3); }},
      {"leaky_relu", [](const D& x) { return leaky_relu(x); }},
      {"leaky_relu_slope", [](const D& x) { return leaky_relu(x, 0.2); }},
      {"erf", [](const D& x) { return erf(x); }},
  };
  const Json g = golden("activations");
  CHECK(g["functions"].size() == functions.size());
  for (const auto& function : functions) {
    const auto& [name, f] = function;
    INFO(function.first);
    const Json& expected = g["functions"].at(name);
    const D x = leaf(g["x"]), y = f(x);
    check_value(y, expected["output"]);
    const D loss = weighted_sum(y, golden_array(g["cotangent"]));
    const D slope = gradients(loss, {x}, {.create_graph = true})[0];
    check_value(slope, expected["gradient"]);
    const D bend = weighted_sum(slope, golden_array(g["cotangent_of_gradient"]));
    const bool straight = !bend.requires_grad();
    const Array<double> second =
        straight ? zeros<double>(x.shape()) : gradients(bend, {x}, {.allow_unused = true})[0];
    CHECK(max_difference(second, golden_array(expected["second_gradient"])) < kGoldenTolerance);
    CHECK(max_difference(gradients(weighted_sum(f(x), golden_array(g["cotangent"])), {x})[0],
                         golden_array(expected["gradient"])) < kGoldenTolerance);
  }
}

D reduction(const std::string& op, const D& x, const Axes& axes, const Json& c) {
  const auto correction = [&]() -> std::size_t { return c["unbiased"].get<bool>() ? 1 : 0; };
  if (op == "var") return var(x, axes, {.correction = correction()});
  if (op == "std") return stddev(x, axes, {.correction = correction()});
  if (op == "norm") return norm(x, c["p"].get<double>(), axes);
  if (op == "prod") return prod(x, axes);
  REQUIRE(op == "cumsum");
  return cumsum(x, *axes.begin());
}

TEST_CASE("golden: var, std, norm, prod and cumsum, zeros among the elements") {
  const Json g = golden("reductions");
  CHECK(g["cases"].size() == 24);
  for (const Json& c : g["cases"]) {
    const std::string op = c["op"], input = c["input"];
    INFO(c.dump().substr(0, 80));
    const D x = leaf(g[input]);
    const Axes axes =
        c.contains("axes") ? Axes(c["axes"].get<std::vector<std::ptrdiff_t>>()) : Axes();
    const D y = reduction(op, x, axes, c);
    check_value(y, c["output"]);
    CHECK(max_difference(gradients(y, golden_array(c["cotangent"]), {x})[0],
                         golden_array(c["gradient"])) < kGoldenTolerance);
  }
}

TEST_CASE("golden: Luong's sequence-to-sequence model, its loss and every gradient") {
  const Json g = golden("seq2seq");
  const IntArray lengths = golden_ints(g["source_lengths"]);
  Leaves p;
  p.read(g["parameters"]);
  const D x = embedding(p["source_embedding"], golden_ints(g["source"]));
  const Bidirectional encoded = run_both(x, p.weights("encoder.", "_l0"),
                                         p.weights("encoder.", "_l0_reverse"), lengths, {}, {});
  const D final_state = cat({encoded.forward_final, encoded.backward_final}, 1);
  const D initial = tanh(linear(final_state, p["W_init"], p["b_init"]));
  const D target = embedding(p["target_embedding"], golden_ints(g["target_input"]));
  const D h = gru(target, initial, p.weights("decoder.", "_l0"));
  const Attention<double> attention =
      dot_attention(h, linear(encoded.states, p["W_a"]), encoded.states, lengths);
  const D attentional = tanh(linear(cat({attention.context, h}, 2), p["W_c"], p["b_c"]));
  const CrossEntropyOptions options{.ignore_index = g["ignore_index"].get<std::int32_t>(),
                                    .label_smoothing = g["label_smoothing"].get<double>()};
  const D loss = linear_cross_entropy(attentional, p["W_o"], p["b_o"],
                                      golden_ints(g["target_output"]), options);
  check_value(D(zero_padding(encoded.states.value(), lengths)), g["encoder_states"]);
  check_value(initial, g["decoder_initial_state"]);
  check_value(h, g["decoder_states"]);
  CHECK(max_difference(attention.weights.value(), golden_array(g["attention_weights"])) <
        kGoldenTolerance);
  check_value(attention.context, g["context"]);
  check_value(attentional, g["attentional"]);
  check_value(linear(attentional, p["W_o"], p["b_o"]), g["logits"]);
  CHECK(std::abs(loss.item() - g["loss"].get<double>()) < kGoldenTolerance);
  p.check_gradients(loss, g["gradients"]);
}

}  // namespace
}  // namespace babelgrad
