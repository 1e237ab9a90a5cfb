// Gru: a state_dict of PyTorch's nn.GRU loads unchanged; options and errors.
#include <doctest/doctest.h>

#include <fstream>
#include <stdexcept>

#include "babelgrad/nn/gru.h"
#include "babelgrad/nn/safetensors.h"
#include "tests/autograd/helpers.h"
#include "tests/golden/golden.h"

namespace babelgrad {
namespace {

using D = Tensor<double>;
constexpr const char* kFolder = BABELGRAD_SOURCE_DIR "/tests/nn/";

template <class T>
void check_loaded(double tolerance) {
  std::ifstream file(std::string(kFolder) + "pytorch_gru.json");
  const Json g = Json::parse(file);
  ParameterStore<T> store;
  const Gru<T> gru(Scope<T>(store) / "rnn", {5, 4, 2, true, 0.5});
  load_parameters(Safetensors::read(std::string(kFolder) + "pytorch_gru.safetensors"), store);
  const IntArray lengths = golden_ints(g["lengths"]);
  const auto result = gru(Tensor<T>(golden_array<T>(g["x"])), lengths, kEvaluation);
  CHECK(max_difference(zero_padding(result.states.value(), lengths),
                       golden_array<double>(g["output"])) < tolerance);
  CHECK(max_difference(stack(result.final, 0).value(), golden_array<double>(g["h_n"])) < tolerance);
}

TEST_CASE("gru: a PyTorch state_dict in a safetensors file loads and gives PyTorch's outputs") {
  check_loaded<double>(kGoldenTolerance);
  check_loaded<float>(1e-6);
}

TEST_CASE("gru: no lengths are full lengths, no initial states are zeros, sizes may be 1") {
  ParameterStore<double> store;
  const Scope<double> root(store);
  const Gru<double> gru(root / "gru", {3, 4, 2, true, 0}), tiny(root / "tiny", {1, 1, 1, true, 0});
  const D x = random_leaf({5, 2, 3}, 1);
  const auto plain = gru(x, {}, kEvaluation);
  CHECK(plain.states.shape() == Shape{5, 2, 8});
  CHECK(plain.final.size() == 4);
  const std::vector<D> start(4, D(zeros<double>({2, 4})));
  CHECK(max_difference(gru(x, ints({2}, {5, 5}), kEvaluation, start).states.value(),
                       plain.states.value()) == 0);
  CHECK(tiny(D({1, 1, 1}, {0.5}), {}, kEvaluation).states.shape() == Shape{1, 1, 2});
}

TEST_CASE("gru: dropout lies between the layers, in training only") {
  ParameterStore<double> a, b;
  const Gru<double> dropped(Scope<double>(a), {3, 4, 2, false, 0.5}),
      whole(Scope<double>(b), {3, 4, 2, false, 0}),
      single(Scope<double>(b) / "s", {3, 4, 1, false, 0.5});
  const D x = random_leaf({5, 2, 3}, 1);
  const Mode training = Mode::training(1, 2);
  const auto value = [&](const Gru<double>& gru, const Mode& mode) {
    return gru(x, {}, mode.again()).states.value();
  };
  CHECK(max_difference(value(dropped, kEvaluation), value(whole, kEvaluation)) == 0);
  CHECK(max_difference(value(dropped, training), value(whole, training)) > 0.01);
  CHECK(max_difference(value(dropped, training), value(dropped, training)) == 0);
  CHECK(max_difference(value(single, training), value(single, kEvaluation)) == 0);
}

TEST_CASE("gru: a run that is looked at is the fused one, and goes on with what it is given") {
  ParameterStore<double> store;
  const Gru<double> gru(Scope<double>(store), {3, 4, 1, false, 0});
  const D x = random_leaf({5, 2, 3}, 1), h = random_leaf({2, 4}, 2);
  const IntArray lengths = ints({2}, {3, 5});
  for (const Direction direction : {Direction::forward, Direction::reverse}) {
    std::vector<std::size_t> times;
    const auto run = [&](const auto& see) {
      return stepwise<GruCell<double>>(x, h, gru.weights(0), lengths, direction, see);
    };
    const auto seen = run([&](std::size_t t, CellPart part, const D& value) {
      CHECK(value.shape() == Shape{2, 4});
      if (part == CellPart::state) times.push_back(t);
      return value;
    });
    CHECK(times == (direction == Direction::forward ? std::vector<std::size_t>{0, 1, 2, 3, 4}
                                                    : std::vector<std::size_t>{4, 3, 2, 1, 0}));
    const auto fused = GruCell<double>::sequence(x, h, gru.weights(0), lengths, direction);
    CHECK(max_difference(seen.states.value(), fused.states.value()) < 1e-14);
    CHECK(max_difference(seen.final.value(), fused.final.value()) < 1e-14);
    std::vector<D> leaves = store.parameters();
    leaves.insert(leaves.end(), {x, h});
    CHECK(max_difference(gradients(sum(square(seen.states)), leaves),
                         gradients(sum(square(fused.states)), leaves)) < 1e-12);
    const auto kept = run([](std::size_t, CellPart part, const D& value) {
      return part == CellPart::update ? D(ones<double>(value.shape())) : value;
    });
    CHECK(max_difference(kept.final.value(), h.value()) == 0);
  }
}

TEST_CASE("gru: a wrong number of states is refused") {
  ParameterStore<double> store;
  const Scope<double> root(store);
  const Gru<double> two(root / "two", {3, 4, 2, false, 0}), both(root / "both", {3, 4, 1, true, 0});
  const D x = random_leaf({5, 2, 3}, 1), row = random_leaf({2, 3}, 1), h = random_leaf({2, 4}, 2);
  using Error = std::invalid_argument;
  CHECK(message_of<Error>([&] { two(x, {}, kEvaluation, {h}); }) ==
        "gru: need 2 initial states; got 1");
  CHECK(message_of<Error>([&] { two.step(row, {h}, kEvaluation, 0); }) ==
        "gru: a step needs one direction and 2 states; got 1");
  CHECK_THROWS_AS(both.step(row, {h}, kEvaluation, 0), Error);
}

}  // namespace
}  // namespace babelgrad
