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

constexpr double kTolerance = 1e-10;

template <class T>
std::unique_ptr<Optimizer<T>> make(const std::string& name, const Json& options,
                                   const ParameterStore<T>& store) {
  const double decay = options.value("weight_decay", 0.0);
  if (name.starts_with("sgd"))
    return std::make_unique<Sgd<T>>(store, SgdOptions{options.value("momentum", 0.0), decay});
  return std::make_unique<Adam<T>>(store, AdamOptions{options["betas"][0], options["betas"][1],
                                                      options["eps"], decay, name == "adamw"});
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
                    {run["options"]["lr"], 1});
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
  for (const auto& [name, run] : g["runs"].items()) {
    INFO(name);
    check_steps<double>(name, run, g, kTolerance);
    check_steps<float>(name, run, g, 1e-5);
  }
}

template <class T>
ParameterStore<T>& fill(ParameterStore<T>& store) {
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
  const auto whole = make(name, options, fill(whole_store));
  const auto parts = make(name, options, fill(part_store));
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
    const auto dense = make(name, name == "sgd" ? sgd : adam, fill(dense_store));
    const auto by_rows = make(name, name == "sgd" ? sgd : adam, fill(row_store));
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
    const auto first = make(name, options, fill(a));
    const auto second = make(name, options, fill(b));
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
  Sgd<double> sgd(fill(store));
  CHECK(message_of<std::invalid_argument>([&] {
          sgd.step({zeros<double>({50, 7})}, {});
        }) == "optimizer: need 2 gradients, one a parameter; got 1");
  CHECK(message_of<ShapeError>([&] {
          sgd.step({zeros<double>({7, 50}), zeros<double>({40})}, {});
        }) ==
        "optimizer: need a gradient of the shape of a; got parameter [50, 7], gradient [7, 50]");
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

}  // namespace
}  // namespace babelgrad
