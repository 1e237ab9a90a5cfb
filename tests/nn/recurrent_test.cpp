// Gru, Lstm, Rnn: PyTorch's layers by name, shape and number; LayerNormGru; what all of them share.
#include <doctest/doctest.h>

#include "babelgrad/autograd/inspection/gradcheck.h"
#include "babelgrad/nn/gru.h"
#include "babelgrad/nn/layer_norm_gru.h"
#include "babelgrad/nn/layer_norm_lstm.h"
#include "babelgrad/nn/lstm.h"
#include "babelgrad/nn/rnn.h"
#include "tests/autograd/helpers.h"
#include "tests/golden/golden.h"

namespace babelgrad {
namespace {

using D = Tensor<double>;
constexpr double kFormulaTolerance = 1e-12;

// The tensors of a state, h first, and a state of such tensors.
std::vector<D> parts(const D& state) { return {state}; }
std::vector<D> parts(const LstmState<double>& state) { return {state.h, state.c}; }
template <class State>
State state_of(const std::vector<D>& tensors);
template <>
D state_of<D>(const std::vector<D>& tensors) {
  return tensors[0];
}
template <>
LstmState<double> state_of<LstmState<double>>(const std::vector<D>& tensors) {
  return {tensors[0], tensors[1]};
}

template <class Cell>
std::vector<typename Cell::State> random_states(std::size_t count, std::size_t B, std::size_t H) {
  std::vector<typename Cell::State> states;
  for (std::size_t i = 0; i < count; ++i)
    states.push_back(state_of<typename Cell::State>(
        {random_leaf({B, H}, 10 + 2 * i), random_leaf({B, H}, 11 + 2 * i)}));
  return states;
}

TEST_CASE_TEMPLATE("recurrent layers: two layers in both directions are PyTorch's", Cell,
                   GruCell<double>, LstmCell<double>, RnnCell<double>) {
  const Json g = golden(Cell::kName);
  ParameterStore<double> store;
  const Recurrent<Cell> layers(Scope<double>(store), {4, 3, 2, true, 0});
  CHECK(store.size() == g.at("parameters").size());
  for (const auto& [name, value] : g.at("parameters").items()) {
    D parameter = store.at(name);
    parameter.mutable_value() = golden_array(value);
  }
  const IntArray lengths = golden_ints(g.at("lengths"));
  std::vector<std::string> names;
  std::vector<D> leaves = store.parameters();
  for (const D& leaf : leaves) names.push_back(leaf.name());
  const auto add_leaf = [&](const std::string& name) {
    names.push_back(name);
    leaves.emplace_back(golden_array(g.at(name)), kRequiresGrad);
    return leaves.back();
  };
  const D x = add_leaf("x"), h = add_leaf("h_0");
  const D c = g.contains("c_0") ? add_leaf("c_0") : h;
  std::vector<typename Cell::State> initial;
  for (std::ptrdiff_t i = 0; i < 4; ++i)
    initial.push_back(state_of<typename Cell::State>({h[i], c[i]}));
  const auto result = layers(x, lengths, kEvaluation, initial);
  CHECK(max_difference(zero_padding(result.states.value(), lengths), golden_array(g["output"])) <
        kGoldenTolerance);
  D loss = weighted_sum(result.states, zero_padding(golden_array(g["cotangent_output"]), lengths));
  const std::vector<std::string> letters{"h", "c"};
  for (std::size_t part = 0; part < parts(result.final[0]).size(); ++part) {
    std::vector<D> finals;
    for (const auto& state : result.final) finals.push_back(parts(state)[part]);
    CHECK(max_difference(stack(finals, 0).value(), golden_array(g[letters[part] + "_n"])) <
          kGoldenTolerance);
    loss =
        loss + weighted_sum(stack(finals, 0), golden_array(g["cotangent_" + letters[part] + "_n"]));
  }
  CHECK(std::abs(loss.item() - g["loss"].get<double>()) < kGoldenTolerance);
  const auto got = gradients(loss, leaves);
  CHECK(g["gradients"].size() == leaves.size());
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    INFO("gradient of ", names[i]);
    CHECK(max_difference(got[i], golden_array(g["gradients"][names[i]])) < kGoldenTolerance);
  }
}

TEST_CASE_TEMPLATE("recurrent layers: steps one by one are the sequence", Cell, GruCell<double>,
                   LstmCell<double>, RnnCell<double>, LayerNormGruCell<double>) {
  for (const std::size_t count : {1, 3})
    for (const Mode& mode : {kEvaluation, Mode::training(1, 2)}) {
      ParameterStore<double> store;
      const Recurrent<Cell> layers(Scope<double>(store), {3, 4, count, false, 0.5});
      const D x = random_leaf({5, 2, 3}, 1);
      auto states = random_states<Cell>(count, 2, 4);
      const auto whole = layers(x, {}, mode.again(), states);
      for (std::ptrdiff_t t = 0; t < 5; ++t) {
        states = layers.step(x[t], states, mode, static_cast<std::size_t>(t)).states;
        CHECK(max_difference(parts(states.back())[0].value(), whole.states[t].value()) < 1e-14);
      }
      for (std::size_t i = 0; i < count; ++i)
        for (std::size_t part = 0; part < parts(states[i]).size(); ++part)
          CHECK(max_difference(parts(states[i])[part].value(),
                               parts(whole.final[i])[part].value()) < 1e-14);
    }
}

TEST_CASE_TEMPLATE("recurrent layers: a padded batch gives what its sentences give one by one",
                   Cell, GruCell<double>, LstmCell<double>, RnnCell<double>,
                   LayerNormGruCell<double>) {
  ParameterStore<double> store;
  const Recurrent<Cell> layers(Scope<double>(store), {3, 4, 2, true, 0});
  const D x = random_leaf({5, 3, 3}, 1);
  const IntArray lengths = ints({3}, {2, 5, 1});
  const auto batch = layers(x, lengths, kEvaluation);
  for (std::ptrdiff_t b = 0; b < 3; ++b) {
    const std::ptrdiff_t length = lengths.data()[b];
    const auto alone = layers(slice(slice(x, 1, b, b + 1), 0, 0, length), {}, kEvaluation);
    CHECK(max_difference(alone.states.value(),
                         slice(slice(batch.states, 1, b, b + 1), 0, 0, length).value()) < 1e-13);
    for (std::size_t i = 0; i < alone.final.size(); ++i)
      for (std::size_t part = 0; part < parts(alone.final[i]).size(); ++part)
        CHECK(max_difference(parts(alone.final[i])[part].value(),
                             slice(parts(batch.final[i])[part], 0, b, b + 1).value()) < 1e-13);
  }
}

TEST_CASE("lstm: a wrong number of states is refused") {
  ParameterStore<double> store;
  const Lstm<double> two(Scope<double>(store), {3, 4, 2, false, 0});
  const D x = random_leaf({5, 2, 3}, 1), row = random_leaf({2, 3}, 1), h = random_leaf({2, 4}, 2);
  using Error = std::invalid_argument;
  CHECK(message_of<Error>([&] {
          two(x, {}, kEvaluation, {{h, h}});
        }) == "lstm: need 2 initial states; got 1");
  CHECK(message_of<Error>([&] {
          two.step(row, {{h, h}}, kEvaluation, 0);
        }) == "lstm: a step needs one direction and 2 states; got 1");
}

// By the formula in the header, written with loops.
TEST_CASE("layer_norm_lstm: a step is the formula, and its gradients are right") {
  ParameterStore<double> store;
  const LayerNormLstm<double> layer(Scope<double>(store), {2, 3, 1, false, 0});
  std::vector<D> parameters = store.parameters();
  CHECK(parameters.size() == 8);
  for (std::size_t i = 0; i < parameters.size(); ++i)
    parameters[i].mutable_value() = random_array(parameters[i].shape(), 30 + i);
  const D x = random_leaf({1, 2}, 1), h = random_leaf({1, 3}, 2), c = random_leaf({1, 3}, 3);
  using Row = std::vector<double>;
  const auto normalized = [&](const Row& row, const std::string& name) {
    const D gain = store.at(name + ".weight"), bias = store.at(name + ".bias");
    const auto n = static_cast<double>(row.size());
    double mean = 0, variance = 0;
    for (const double v : row) mean += v / n;
    for (const double v : row) variance += (v - mean) * (v - mean) / n;
    Row result;
    for (std::size_t i = 0; i < row.size(); ++i)
      result.push_back((row[i] - mean) / std::sqrt(variance + 1e-5) * gain(i) + bias(i));
    return result;
  };
  const auto product = [&](const std::string& name, const D& input) {
    const D weight = store.at(name);
    Row row(12);
    for (std::size_t r = 0; r < 12; ++r)
      for (std::size_t i = 0; i < input.size(); ++i) row[r] += weight(r, i) * input(0, i);
    return row;
  };
  Row gates = normalized(product("weight_ih_l0", x), "norm_ih_l0");
  const Row state_side = normalized(product("weight_hh_l0", h), "norm_hh_l0");
  for (std::size_t i = 0; i < 12; ++i) gates[i] += state_side[i];
  const auto logistic = [](double v) { return 1 / (1 + std::exp(-v)); };
  Row cell;
  for (std::size_t i = 0; i < 3; ++i)
    cell.push_back(logistic(gates[3 + i]) * c(0, i) + logistic(gates[i]) * std::tanh(gates[6 + i]));
  const Row read = normalized(cell, "norm_cell_l0");
  const auto next = layer.step(x, {{h, c}}, kEvaluation, 0);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(std::abs(next.states[0].c(0, i) - cell[i]) < kFormulaTolerance);
    CHECK(std::abs(next.output(0, i) - logistic(gates[9 + i]) * std::tanh(read[i])) <
          kFormulaTolerance);
  }
  std::vector<D> leaves{random_leaf({3, 2, 2}, 4)};
  leaves.insert(leaves.end(), parameters.begin(), parameters.end());
  CHECK_NOTHROW(gradcheck(
      [&](const std::vector<D>& in) {
        const auto run = layer(in[0], ints({2}, {3, 2}), kEvaluation);
        return cat({run.states, unsqueeze(run.final[0].c, 0)}, 0);
      },
      leaves));
}

TEST_CASE("recurrent: residual layers add their input to their output") {
  ParameterStore<double> store;
  const Gru<double> two(
      Scope<double>(store) / "two",
      {.input_size = 3, .hidden_size = 3, .layers = 2, .bidirectional = true, .residual = true});
  const D x = random_leaf({4, 2, 3}, 1);
  // The second layer by itself, over what the first puts out.
  const Gru<double> first(Scope<double>(store) / "first", {3, 3, 1, true, 0});
  const Gru<double> second(Scope<double>(store) / "second", {6, 3, 1, true, 0});
  const auto copy = [&](const std::string& to, const std::string& layer) {
    for (const char* name : {"weight_ih", "weight_hh", "bias_ih", "bias_hh"})
      for (const char* end : {"", "_reverse"})
        store.at(to + "." + name + "_l0" + end).mutable_value() =
            store.at(std::string("two.") + name + layer + end).value();
  };
  copy("first", "_l0");
  copy("second", "_l1");
  const D below = first(x, {}, kEvaluation).states;
  const D expected = below + second(below, {}, kEvaluation).states;
  CHECK(max_difference(two(x, {}, kEvaluation).states.value(), expected.value()) <
        kFormulaTolerance);
}

TEST_CASE("recurrent: a stack of one direction may read from the end") {
  ParameterStore<double> store;
  const Lstm<double> reverse(Scope<double>(store),
                             {.input_size = 3, .hidden_size = 4, .direction = Direction::reverse});
  const D x = random_leaf({5, 2, 3}, 1);
  const auto run = reverse(x, {}, kEvaluation);
  const LstmStates<double> expected =
      lstm(flip(x, 0), {}, reverse.weights(0), {}, Direction::forward);
  CHECK(max_difference(run.states.value(), flip(expected.states, 0).value()) < kFormulaTolerance);
  CHECK(max_difference(run.final[0].c.value(), expected.cell.value()) < kFormulaTolerance);
}

TEST_CASE("recurrent: recurrent dropout is one mask of the units, at all steps of a training") {
  ParameterStore<double> store;
  const Gru<double> layer(Scope<double>(store),
                          {.input_size = 3, .hidden_size = 8, .recurrent_dropout = 0.5});
  const D x = random_leaf({4, 2, 3}, 1);
  const Mode mode = Mode::training(1, 2);
  const D whole = layer.weights(0).weight_hh, masked = layer.weights(0, mode.again()).weight_hh;
  std::size_t dropped = 0;
  for (std::size_t unit = 0; unit < 8; ++unit) {
    const double factor = masked(0, unit) / whole(0, unit);
    dropped += factor == 0;
    CHECK((factor == 0 || std::abs(factor - 2) < kFormulaTolerance));
    for (std::size_t row = 0; row < 24; ++row)
      CHECK(std::abs(masked(row, unit) - factor * whole(row, unit)) < kFormulaTolerance);
  }
  CHECK((dropped > 0 && dropped < 8));
  const Array<double> at_once = layer(x, {}, mode.again()).states.value();
  for (const bool made_once : {false, true}) {
    const Mode now = mode.again();
    const Gru<double> layers = made_once ? layer.dropped(now) : layer;
    std::vector<D> states{D(zeros<double>({2, 8}))}, outputs;
    for (std::size_t t = 0; t < 4; ++t) {
      const auto next = layers.step(x[static_cast<std::ptrdiff_t>(t)], states, now, t);
      states = next.states;
      outputs.push_back(next.output);
    }
    CHECK(max_difference(stack(outputs, 0).value(), at_once) < kFormulaTolerance);
  }
  CHECK(max_difference(layer(x, {}, kEvaluation).states.value(), at_once) > 0.01);
}

// By the formula in the header, written with loops.
TEST_CASE("layer_norm_gru: a step is the formula, and its gradients are right") {
  ParameterStore<double> store;
  const LayerNormGru<double> layer(Scope<double>(store), {2, 3, 1, false, 0});
  std::vector<D> parameters = store.parameters();
  CHECK(parameters.size() == 10);
  for (std::size_t i = 0; i < parameters.size(); ++i)
    parameters[i].mutable_value() = random_array(parameters[i].shape(), 30 + i);
  const D x = random_leaf({1, 2}, 1), h = random_leaf({1, 3}, 2);
  const auto side = [&](const std::string& suffix, const D& input) {
    const D weight = store.at("weight_" + suffix + "_l0");
    std::vector<double> products(9), result;
    for (std::size_t r = 0; r < 9; ++r)
      for (std::size_t i = 0; i < input.size(); ++i) products[r] += weight(r, i) * input(0, i);
    const auto normalize = [&](std::size_t from, std::size_t n, const std::string& name) {
      const D gain = store.at(name + ".weight"), bias = store.at(name + ".bias");
      double mean = 0, variance = 0;
      for (std::size_t i = 0; i < n; ++i) mean += products[from + i] / static_cast<double>(n);
      for (std::size_t i = 0; i < n; ++i)
        variance += std::pow(products[from + i] - mean, 2) / static_cast<double>(n);
      for (std::size_t i = 0; i < n; ++i)
        result.push_back((products[from + i] - mean) / std::sqrt(variance + 1e-5) * gain(i) +
                         bias(i));
    };
    normalize(0, 6, "norm_gates_" + suffix + "_l0");
    normalize(6, 3, "norm_candidate_" + suffix + "_l0");
    return result;
  };
  const std::vector<double> gi = side("ih", x), gh = side("hh", h);
  const D next = layer.step(x, {h}, kEvaluation, 0).output;
  const auto logistic = [](double v) { return 1 / (1 + std::exp(-v)); };
  for (std::size_t i = 0; i < 3; ++i) {
    const double r = logistic(gi[i] + gh[i]), z = logistic(gi[3 + i] + gh[3 + i]);
    const double n = std::tanh(gi[6 + i] + r * gh[6 + i]);
    CHECK(std::abs(next(0, i) - ((1 - z) * n + z * h(0, i))) < kFormulaTolerance);
  }
  const D sequence = random_leaf({3, 2, 2}, 3);
  gradcheck(
      [&](const auto& in) {
        return layer(in[0], ints({2}, {3, 2}), kEvaluation).states;
      },
      {sequence});
}

}  // namespace
}  // namespace babelgrad
