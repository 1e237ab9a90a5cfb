// Optimizers against ten steps of PyTorch's; in parts as whole; clipping; schedules.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <stdexcept>

#include "babelgrad/nn/optimizer.h"
#include "babelgrad/nn/schedule.h"
#include "tests/autograd/helpers.h"
#include "tests/golden/golden.h"

namespace babelgrad {
namespace {

template <class T>
std::unique_ptr<Optimizer<T>> make(const std::string& name, const Json& options,
                                   const ParameterStore<T>& store) {
  const double decay = options.value("weight_decay", 0.0);
  if (name.starts_with("sgd"))
    return std::make_unique<Sgd<T>>(
        store, SgdOptions{.momentum = options.value("momentum", 0.0), .weight_decay = decay});
  return std::make_unique<Adam<T>>(store, AdamOptions{.beta1 = options["betas"][0],
                                                      .beta2 = options["betas"][1],
                                                      .epsilon = options["eps"],
                                                      .weight_decay = decay,
                                                      .decoupled = name == "adamw"});
}

template <class T>
void check_steps(const std::string& name, const Json& run, const Json& g, double tolerance) {
  ParameterStore<T> store;
  for (const char* parameter : {"weight", "bias"}) {
    const Array<T> start = golden_array<T>(g["parameters"][parameter]);
    store.create(parameter, start.shape(), init::zeros()).mutable_value() = start;
  }
  const auto optimizer = make(name, run["options"], store);
  std::size_t step = 0;
  for (const Json& gradients : g["gradients_of_step"]) {
    optimizer->step({golden_array<T>(gradients["weight"]), golden_array<T>(gradients["bias"])},
                    {run["options"]["lr"].get<double>(), 1});
    const Json& after = run["parameters_after_step"][step++];
    INFO("step ", step);
    for (const char* parameter : {"weight", "bias"})
      CHECK(max_difference(store.at(parameter).value(), golden_array<double>(after[parameter])) <
            tolerance);
  }
  CHECK(optimizer->step_count() == 10);
}

TEST_CASE("optimizers: ten steps are PyTorch's") {
  const Json g = golden("optimizers");
  CHECK(g["runs"].size() >= 7);
  for (const auto& run : g["runs"].items()) {
    INFO(run.key());
    check_steps<double>(run.key(), run.value(), g, 1e-10);
    check_steps<float>(run.key(), run.value(), g, 1e-5);
  }
}

template <class T>
ParameterStore<T>& create_parameters(ParameterStore<T>& store) {
  store.create("a", {50, 7}, init::normal(1));
  store.create("b", {40}, init::normal(1));
  return store;
}

struct Part {
  std::size_t parameter, begin, end;
};

// The largest difference between whole steps and steps in parts.
template <class T>
double parts_difference(const std::string& name, const std::vector<Part>& ranges) {
  const Json adam{{"betas", {0.9, 0.98}}, {"eps", 1e-9}, {"weight_decay", 0.1}};
  const Json sgd{{"momentum", 0.9}, {"weight_decay", 0.1}};
  const Json& options = name == "sgd" ? sgd : adam;
  double worst = 0;
  ParameterStore<T> whole_store, part_store;
  const auto whole = make(name, options, create_parameters(whole_store));
  const auto parts = make(name, options, create_parameters(part_store));
  for (std::uint64_t step = 1; step <= 3; ++step) {
    const std::vector<Array<T>> g{random_array<T>({50, 7}, step), random_array<T>({40}, 9 * step)};
    whole->step(g, {0.01, 0.5});
    parts->begin_step({0.01, 0.5});
    for (const auto& [i, begin, end] : ranges) parts->update(i, begin, end, {g[i], {}});
    for (std::size_t i = 0; i < 2; ++i)
      worst = std::max(worst, max_difference(whole_store.parameters()[i].value(),
                                             part_store.parameters()[i].value()));
  }
  return worst;
}

TEST_CASE("optimizers: a gradient by rows is the dense one with zeros elsewhere") {
  const Json adam{{"betas", {0.9, 0.98}}, {"eps", 1e-9}, {"weight_decay", 0.1}};
  const Json sgd{{"momentum", 0.9}, {"weight_decay", 0.1}};
  for (const std::string name : {"adam", "adamw", "sgd"}) {
    INFO(name);
    ParameterStore<double> dense_store, row_store;
    const auto dense = make(name, name == "sgd" ? sgd : adam, create_parameters(dense_store));
    const auto by_rows = make(name, name == "sgd" ? sgd : adam, create_parameters(row_store));
    for (std::int32_t step = 1; step <= 4; ++step) {
      IntArray indices = uninitialized<std::int32_t>({4});
      for (std::int32_t k = 0; k < 4; ++k) indices.data()[k] = (k * 17 + step * step) % 50;
      const auto rows = sum_by_row(indices, random_array<double>({4, 7}, step));
      std::vector<Array<double>> g{zeros<double>({50, 7}), zeros<double>({40})};
      add_rows(rows, g[0]);
      dense->step(g, {0.01, 0.5});
      by_rows->begin_step({0.01, 0.5});
      for (const auto& [begin, end] : {std::pair{0, 21}, {21, 28}, {28, 350}})
        by_rows->update(0, begin, end, {{}, rows});
      by_rows->update(1, 0, 40, {g[1], {}});
      for (std::size_t i = 0; i < 2; ++i)
        CHECK(max_difference(dense_store.parameters()[i].value(),
                             row_store.parameters()[i].value()) < 1e-15);
    }
  }
}

// A kernel may contract multiplications and additions differently in its tail, so that ranges cut
// at multiples of its width are the same to the last bit, and others to rounding.
TEST_CASE("optimizers: ranges together are the whole step") {
  const std::vector<Part> even{{1, 0, 40}, {0, 64, 192}, {0, 192, 350}, {0, 0, 64}};
  const std::vector<Part> odd{{1, 13, 40}, {0, 5, 201}, {1, 0, 1},
                              {0, 0, 5},   {1, 1, 13},  {0, 201, 350}};
  for (const std::string name : {"adam", "adamw", "sgd"}) {
    INFO(name);
    CHECK(parts_difference<float>(name, even) == 0);
    CHECK(parts_difference<double>(name, even) == 0);
    CHECK(parts_difference<float>(name, odd) < 1e-6);
    CHECK(parts_difference<double>(name, odd) < 1e-15);
  }
}

TEST_CASE("optimizers: state and step count copied into a new one continue the old") {
  for (const char* name : {"adam", "sgd"}) {
    const Json options{{"betas", {0.9, 0.98}}, {"eps", 1e-9}, {"momentum", 0.9}};
    ParameterStore<double> a, b;
    const auto first = make(name, options, create_parameters(a));
    const auto second = make(name, options, create_parameters(b));
    const auto g = [](std::uint64_t step) {
      return std::vector<Array<double>>{random_array({50, 7}, step), random_array({40}, step)};
    };
    first->step(g(1), {0.1, 1});
    for (std::size_t i = 0; i < 2; ++i) {
      Tensor<double> parameter = b.parameters()[i];
      parameter.mutable_value() = a.parameters()[i].value();
    }
    auto from = first->state(), to = second->state();
    REQUIRE(from.size() == to.size());
    for (std::size_t i = 0; i < from.size(); ++i) {
      CHECK(from[i].first == to[i].first);
      *to[i].second = *from[i].second;
    }
    second->set_step_count(first->step_count());
    first->step(g(2), {0.1, 1});
    second->step(g(2), {0.1, 1});
    CHECK(max_difference(a.at("b").value(), b.at("b").value()) == 0);
  }
}

TEST_CASE("optimizers: gradients of the wrong count or shape are refused") {
  ParameterStore<double> store;
  Sgd<double> sgd(create_parameters(store));
  CHECK(message_of<std::invalid_argument>([&] {
          sgd.step({zeros<double>({50, 7})});
        }) == "optimizer: need 2 gradients, one a parameter; got 1");
  CHECK(message_of<ShapeError>([&] {
          sgd.step({zeros<double>({7, 50}), zeros<double>({40})});
        }) ==
        "optimizer: need a gradient of the shape of a; got parameter [50, 7], gradient [7, 50]");
}

std::vector<Array<double>> some_gradients(std::uint64_t seed) {
  return {random_array({50, 7}, seed), random_array({40}, seed + 1)};
}

TEST_CASE("optimizers: the learning rate is the optimizer's own unless a step has one") {
  ParameterStore<double> a, b;
  Adam<double> own(create_parameters(a), {.learning_rate = 0.3}), given(create_parameters(b));
  for (std::uint64_t step = 1; step <= 3; ++step) {
    own.step(some_gradients(step));
    given.step(some_gradients(step), {.learning_rate = 0.3});
  }
  CHECK(max_difference(a.at("a").value(), b.at("a").value()) == 0);
  CHECK(AdamOptions().learning_rate == 1e-3);  // PyTorch's
}

// Parameter b in a group is as the whole store with the group's settings; a is as without.
template <class Make>
void check_groups(const Make& make) {
  ParameterStore<double> grouped, plain, slow;
  const auto with_group = make(create_parameters(grouped), 0.1),
             without = make(create_parameters(plain), 0.1),
             all = make(create_parameters(slow), 0.0);
  with_group->set_group({grouped.at("b")}, {.learning_rate_scale = 0.5, .weight_decay = 0});
  for (std::uint64_t step = 1; step <= 3; ++step) {
    with_group->step(some_gradients(step), {.learning_rate = 0.2});
    without->step(some_gradients(step), {.learning_rate = 0.2});
    all->step(some_gradients(step), {.learning_rate = 0.1});
  }
  CHECK(max_difference(grouped.at("a").value(), plain.at("a").value()) == 0);
  CHECK(max_difference(grouped.at("b").value(), slow.at("b").value()) == 0);
  CHECK(max_difference(grouped.at("b").value(), plain.at("b").value()) > 0.01);
}

TEST_CASE("optimizers: a learning rate that is none is refused") {
  ParameterStore<double> store(1);
  store.create("w", {1}, init::ones());
  Adam<double> adam(store, {.learning_rate = -1});
  Sgd<double> sgd(store);
  const Array<double> gradient{1};
  for (Optimizer<double>* optimizer :
       {static_cast<Optimizer<double>*>(&adam), static_cast<Optimizer<double>*>(&sgd)})
    CHECK(message_of<std::invalid_argument>([&] {
            optimizer->step({gradient}, {.learning_rate = -1});
          }) == "optimizer: need learning_rate >= 0; got -1.000000");
  CHECK_THROWS_AS(adam.step({gradient}), std::invalid_argument);
  CHECK(store.at("w")(0) == 1);
  CHECK(adam.step_count() == 0);
}

TEST_CASE("optimizers: groups have a learning rate and a weight decay of their own") {
  using Pointer = std::unique_ptr<Optimizer<double>>;
  check_groups([](ParameterStore<double>& store, double decay) -> Pointer {
    return std::make_unique<Sgd<double>>(store, SgdOptions{.weight_decay = decay});
  });
  for (const bool decoupled : {false, true})
    check_groups([&](ParameterStore<double>& store, double decay) -> Pointer {
      return std::make_unique<Adam<double>>(
          store, AdamOptions{.weight_decay = decay, .decoupled = decoupled});
    });
  ParameterStore<double> store, other;
  Sgd<double> sgd(create_parameters(store));
  CHECK(message_of<std::invalid_argument>([&] {
          sgd.set_group({create_parameters(other).at("b")}, {});
        }) == "optimizer: b [40] is no parameter of its store");
}

TEST_CASE("optimizers: frozen parameters stay, by group or since they require no gradient") {
  for (const bool by_group : {true, false}) {
    ParameterStore<double> store;
    Adam<double> adam(create_parameters(store), {.weight_decay = 0.1, .decoupled = true});
    const Array<double> a = store.at("a").value(), b = store.at("b").value();
    if (by_group)
      adam.set_group({store.at("b")}, {.frozen = true});
    else
      store.at("b").node().requires_grad = false;
    adam.step(some_gradients(1));
    adam.begin_step({});
    adam.update(1, 0, 40, {some_gradients(1)[1], {}});
    CHECK(max_difference(store.at("b").value(), b) == 0);
    CHECK(max_difference(store.at("a").value(), a) > 1e-4);
    for (const auto& [name, array] : adam.state())
      if (name.ends_with(".b")) CHECK(equal(*array, zeros<double>({40})));
  }
}

TEST_CASE("optimizers: one that was made before its layers says so") {
  ParameterStore<double> store;
  Sgd<double> sgd(store);
  create_parameters(store);
  const std::string expected =
      "optimizer: 2 parameters of its store were made after it, the first of them a; make the "
      "optimizer after the layers";
  CHECK(message_of<std::logic_error>([&] { sgd.step(); }) == expected);
  CHECK(message_of<std::logic_error>([&] { sgd.step(std::vector<Array<double>>()); }) == expected);
}

TEST_CASE("optimizers: two half batches are one batch, by backward() into .grad()") {
  ParameterStore<double> whole, halves;
  Sgd<double> one(create_parameters(whole), {.momentum = 0.9}),
      two(create_parameters(halves), {.momentum = 0.9});
  const auto loss = [](ParameterStore<double>& store, const Array<double>& x) {
    return mean(square(matmul(Tensor<double>(x), store.at("a"))));
  };
  const Array<double> untouched = halves.at("b").value();
  for (std::uint64_t step = 1; step <= 3; ++step) {
    const Array<double> x = random_array({8, 50}, step);
    loss(whole, x).backward();
    one.step({.learning_rate = 0.1});
    whole.zero_grad();
    for (std::size_t begin : {0, 4}) (loss(halves, x.leading(begin, begin + 4)) / 2).backward();
    two.step({.learning_rate = 0.1});
    halves.zero_grad();
  }
  CHECK(max_difference(whole.at("a").value(), halves.at("a").value()) < 1e-14);
  CHECK(max_difference(halves.at("b").value(), untouched) == 0);  // without a gradient
}

TEST_CASE("clipping: the global norm and its scale are PyTorch's; NaN and Inf show") {
  const Json g = golden("optimizers"), &clip = g["clip_grad_norm"],
             &step = g["gradients_of_step"][0];
  std::vector<Array<double>> gradients{golden_array(step["weight"]), golden_array(step["bias"])};
  const double norm = global_norm(gradients);
  CHECK(std::abs(norm - clip["total_norm"].get<double>()) < 1e-13);
  const double scale = clip_scale(norm, clip["max_norm"]);
  for (Array<double>& gradient : gradients) gradient *= scale;
  CHECK(max_difference(gradients[0], golden_array(clip["clipped"]["weight"])) < 1e-6);  // + 1e-6
  CHECK(std::abs(global_norm(gradients) - 0.5) < 1e-14);
  CHECK(clip_scale(0.5, 0.5) == 1);
  CHECK(clip_scale(0.1, 0.5) == 1);
  CHECK(clip_scale(10, 0) == 1);
  CHECK(clip_scale(0, 1) == 1);
  gradients[1].data()[2] = std::numeric_limits<double>::quiet_NaN();
  CHECK(std::isnan(global_norm(gradients)));
  gradients[1].data()[2] = std::numeric_limits<double>::infinity();
  CHECK(std::isinf(global_norm(gradients)));
  CHECK(global_norm(std::vector<Array<float>>{full<float>({4}, 1e18f)}) == doctest::Approx(2e18));
}

double rate(ScheduleOptions options, std::uint64_t update) {
  return Schedule(options).rate(update);
}

TEST_CASE("schedules: exact rates through warm-up and decay") {
  for (const std::uint64_t update : {1, 7, 100000})
    CHECK(rate({ScheduleKind::constant, 0.5, 10, 20, 0.5, 2}, update) == 0.5);
  const ScheduleOptions warmup{ScheduleKind::warmup, 0.5, 10, 20, 0.5, 2};
  CHECK(rate(warmup, 1) == doctest::Approx(0.05).epsilon(1e-15));
  CHECK(rate(warmup, 9) == doctest::Approx(0.45).epsilon(1e-15));
  CHECK(rate(warmup, 10) == 0.5);
  CHECK(rate(warmup, 100000) == 0.5);
  ScheduleOptions inverse{ScheduleKind::inverse_sqrt, 0.5, 10, 25, 0.5, 2};
  CHECK(rate(inverse, 5) == 0.25);
  CHECK(rate(inverse, 25) == 0.5);
  CHECK(rate(inverse, 26) == doctest::Approx(0.5 * std::sqrt(25.0 / 26)).epsilon(1e-15));
  CHECK(rate(inverse, 100) == 0.25);
  CHECK(rate(inverse, 2500) == 0.05);
  inverse.warmup = 0;
  CHECK(rate(inverse, 1) == 0.5);
}

TEST_CASE("schedules: plateau falls after `patience` validations without improvement in a row") {
  Schedule schedule({ScheduleKind::plateau, 1, 4, 20, 0.5, 2});
  CHECK(schedule.rate(2) == 0.5);
  for (const bool improved : {true, false, true, false}) schedule.observe(improved);
  CHECK(schedule.rate(100) == 1);
  schedule.observe(false);
  CHECK(schedule.rate(100) == 0.5);
  CHECK(schedule.rate(2) == 0.25);
  schedule.observe(false);
  CHECK(schedule.rate(100) == 0.5);
  Schedule restored({ScheduleKind::plateau, 1, 4, 20, 0.5, 2});
  restored.restore(schedule.state());
  restored.observe(false);
  CHECK(restored.rate(100) == 0.25);
  Schedule deaf({ScheduleKind::constant, 1, 4, 20, 0.5, 2});
  for (std::size_t i = 0; i < 10; ++i) deaf.observe(false);
  CHECK(deaf.rate(100) == 1);
}

TEST_CASE("schedules: cosine is PyTorch's, after a warm-up") {
  const Json g = golden("schedules");
  CHECK(g["cosine_annealing"].size() >= 2);
  for (const Json& run : g["cosine_annealing"]) {
    const CosineOptions options{run["base_lr"], run["eta_min"], run["T_max"]};
    std::uint64_t update = 0;
    for (const Json& rate : run["learning_rates"])
      CHECK(std::abs(cosine_rate(++update, options) - rate.get<double>()) < 1e-14);
    CHECK(update == 2 * options.period + 1);
  }
  const CosineOptions warm{.base = 1, .period = 10, .warmup = 4};
  CHECK(cosine_rate(1, warm) == 0.25);
  CHECK(cosine_rate(4, warm) == 1);
  CHECK(cosine_rate(9, warm) == doctest::Approx(0.5).epsilon(1e-15));
  CHECK(std::abs(cosine_rate(14, warm)) < 1e-15);
}

}  // namespace
}  // namespace babelgrad
