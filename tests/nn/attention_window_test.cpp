// Attention windows: each by its formula, hard and soft, and its gradients.
#include <doctest/doctest.h>

#include <cmath>

#include "babelgrad/autograd/inspection/gradcheck.h"
#include "babelgrad/nn/attention.h"
#include "tests/autograd/helpers.h"

namespace babelgrad {
namespace {

using D = Tensor<double>;

// A window over queries of 4 units, D 1.
struct Windowed {
  ParameterStore<double> store;
  AttentionWindow<double> window;
  explicit Windowed(AttentionKind kind, std::size_t width = 1)
      : window(Scope<double>(store) / "a", kind, 4, width) {}
};

double sigma(double x) { return 1 / (1 + std::exp(-x)); }

TEST_CASE("attention window: local-m is a softmax around the step's own number") {
  const Windowed w(AttentionKind::local_m);
  const D scores = random_leaf({6, 2, 5}, 1);
  const IntArray lengths = ints({2}, {5, 3});
  const D a = w.window(scores, D(), lengths, {}, D(), kEvaluation);
  for (std::size_t t = 0; t < 6; ++t)
    for (std::size_t b = 0; b < 2; ++b) {
      const std::size_t n = b == 0 ? 5 : 3, center = std::min(t, n - 1);
      const std::size_t low = center == 0 ? 0 : center - 1, high = std::min(center + 1, n - 1);
      double total = 0;
      for (std::size_t s = low; s <= high; ++s) total += std::exp(scores(t, b, s));
      for (std::size_t s = 0; s < 5; ++s)
        CHECK(std::abs(a(t, b, s) -
                       (s >= low && s <= high ? std::exp(scores(t, b, s)) / total : 0)) < 1e-14);
    }
  // Steps that are told: of two hypotheses at different places.
  const D one =
      w.window(slice(scores, 0, 3, 4), D(), lengths, ints({1, 2}, {3, 0}), D(), kEvaluation);
  CHECK(one(0, 0, 3) == a(3, 0, 3));
  CHECK(one(0, 1, 2) == 0);
  CHECK(std::abs(one(0, 1, 0) + one(0, 1, 1) - 1) < 1e-14);
}

TEST_CASE("attention window: local-p is a softmax times a Gaussian around the place it predicts") {
  const Windowed w(AttentionKind::local_p, 2);
  const D scores = random_leaf({2, 2, 6}, 1), queries = random_leaf({2, 2, 4}, 2);
  const IntArray lengths = ints({2}, {6, 4});
  const D centers = w.window.centers(queries, lengths, 6);
  const D a = w.window(scores, centers, lengths, {}, D(), kEvaluation);
  const D W = w.store.at("a.center.weight"), v = w.store.at("a.center.v");
  for (std::size_t t = 0; t < 2; ++t)
    for (std::size_t b = 0; b < 2; ++b) {
      const double n = b == 0 ? 6 : 4;
      double inner = 0;
      for (std::size_t i = 0; i < 4; ++i) {
        double x = 0;
        for (std::size_t j = 0; j < 4; ++j) x += W(i, j) * queries(t, b, j);
        inner += v(i) * std::tanh(x);
      }
      const double center = n * sigma(inner);
      const auto kept = [&](double s) { return s < n && std::abs(s - center) <= 2; };
      double total = 0;
      for (std::size_t s = 0; s < 6; ++s)
        if (kept(static_cast<double>(s))) total += std::exp(scores(t, b, s));
      for (std::size_t s = 0; s < 6; ++s) {
        const double distance = static_cast<double>(s) - center;  // of deviation D / 2 = 1
        const double expected =
            kept(static_cast<double>(s))
                ? std::exp(scores(t, b, s)) / total * std::exp(-distance * distance / 2)
                : 0;
        CHECK(std::abs(a(t, b, s) - expected) < 1e-14);
      }
    }
}

TEST_CASE("attention window: monotonic is the expectation of a walk that never turns back") {
  const Windowed w(AttentionKind::monotonic);
  D offset = w.store.at("a.offset");
  offset.mutable_value().data()[0] = 0.3;
  const std::size_t S = 5, n = 4;
  const D scores = random_leaf({1, 1, S}, 3),
          before = softmax(random_leaf({1, 1, S}, 4), -1, within_lengths(ints({1}, {4}), S));
  const Mode mode = Mode::training(1, 1);
  const D a = w.window(scores, D(), ints({1}, {4}), {}, before, mode);
  Random noise(combine_keys(mode.again().draw("a.noise", 0), 0));
  const Array<double> drawn = normal<double>({S}, noise);
  double p[n];
  for (std::size_t s = 0; s < n; ++s)
    p[s] = s + 1 == n ? 1 : sigma(scores(0, 0, s) + 0.3 + drawn.data()[s]);
  for (std::size_t s = 0; s < n; ++s) {
    double expected = 0;  // over where it was, and all that passed it on
    for (std::size_t k = 0; k <= s; ++k) {
      double passed = before(0, 0, k);
      for (std::size_t l = k; l < s; ++l) passed *= 1 - p[l];
      expected += passed * p[s];
    }
    CHECK(std::abs(a(0, 0, s) - expected) < 1e-14);
  }
  CHECK(a(0, 0, 4) == 0);
  CHECK(std::abs(sum(a).item() - 1) < 1e-14);
}

TEST_CASE("attention window: monotonic takes the first position that is likely, else the last") {
  const Windowed w(AttentionKind::monotonic);  // offset -1
  const IntArray lengths = ints({1}, {4});
  const auto next = [&](std::vector<double> scores, const D& before) {
    return w.window(D({1, 1, 5}, scores), D(), lengths, {}, before, kEvaluation);
  };
  const D start = unsqueeze(w.window.start(1, 5), 0);
  CHECK(equal(start.value(), Array<double>({1, 1, 5}, {1, 0, 0, 0, 0})));
  const D first = next({0.5, 1.5, 9, 9, 9}, start);
  CHECK(equal(first.value(), Array<double>({1, 1, 5}, {0, 1, 0, 0, 0})));
  CHECK(equal(next({9, 1.5, 9, 9, 9}, first).value(), first.value()));  // may stay
  const D last = next({9, 0, 0, 0, 9}, first);  // what nobody takes falls to the last of all
  CHECK(equal(last.value(), Array<double>({1, 1, 5}, {0, 0, 0, 1, 0})));
  CHECK(equal(next({9, 9, 9, 0, 9}, last).value(), last.value()));
}

TEST_CASE("attention layer: gradients through every score, window and coverage") {
  for (const Score score :
       {Score::dot, Score::scaled_dot, Score::general, Score::additive, Score::location})
    for (const AttentionKind kind : {AttentionKind::global, AttentionKind::local_m,
                                     AttentionKind::local_p, AttentionKind::monotonic})
      for (const bool coverage : {false, true}) {
        ParameterStore<double> store(3);
        const AttentionLayer<double> layer(Scope<double>(store),
                                           {score, 4, 4, 3, 4, kind, 2, coverage});
        const Mode mode = Mode::training(1, 1);
        const IntArray lengths = ints({2}, {5, 3});
        const auto two_steps = [&](const std::vector<D>& in) {
          const D keys = layer.keys(in[1]);
          AttentionPast<double> past = layer.start(2, 5);
          for (auto* part : {&past.weights, &past.coverage})
            if (part->defined()) *part = unsqueeze(*part, 0);
          D total;
          for (std::size_t t = 0; t < 2; ++t) {
            const D query = slice(in[0], 0, static_cast<std::ptrdiff_t>(t), t + 1);
            const D a = layer.weights(
                layer.scores(query, keys, past), layer.centers(query, lengths, 5), lengths,
                full<std::int32_t>({1, 2}, static_cast<int>(t)), past, mode.again().at_time(t));
            past = layer.remember(past, a);
            const D context = attention_context(a, in[1]);
            total = t == 0 ? context : total + square(context);
          }
          return total;
        };
        std::vector<D> inputs{random_leaf({2, 2, 4}, 1), random_leaf({5, 2, 4}, 2)};
        inputs.insert(inputs.end(), store.parameters().begin(), store.parameters().end());
        INFO("score ", static_cast<int>(score), ", window ", static_cast<int>(kind), coverage);
        CHECK_NOTHROW(gradcheck(two_steps, inputs));
      }
}

TEST_CASE("attention layer: positions that the location score does not know are not looked at") {
  ParameterStore<double> store(1);
  const AttentionLayer<double> layer(Scope<double>(store), {Score::location, 4, 6, 0, 2});
  const D values = random_leaf({4, 1, 6}, 2);
  const auto attended =
      layer(random_leaf({3, 1, 4}, 1), layer.keys(values), values, ints({1}, {4}));
  for (std::size_t t = 0; t < 3; ++t) {
    CHECK(attended.weights(t, 0, 2) == 0);
    CHECK(std::abs(attended.weights(t, 0, 0) + attended.weights(t, 0, 1) - 1) < 1e-14);
  }
}

TEST_CASE("attention layer: no window goes beyond the positions that the location score knows") {
  for (const AttentionKind kind :
       {AttentionKind::local_m, AttentionKind::local_p, AttentionKind::monotonic}) {
    ParameterStore<double> store(1);
    const AttentionLayer<double> layer(Scope<double>(store),
                                       {Score::location, 4, 6, 0, 3, kind, 1});
    AttentionPast<double> past = layer.start(2, 8);
    if (past.weights.defined()) past.weights = unsqueeze(past.weights, 0);
    const D query = random_leaf({1, 2, 4}, 1), values = random_leaf({8, 2, 6}, 2);
    for (const IntArray& lengths : {ints({2}, {8, 2}), IntArray()}) {
      const D a = layer.weights(layer.scores(query, layer.keys(values), past),
                                layer.centers(query, lengths, 8), lengths, ints({1, 2}, {7, 7}),
                                past, kEvaluation);
      double within = 0;
      for (std::size_t s = 0; s < 3; ++s) within += a(0, 0, s);
      CHECK(within > 0.1);
      for (std::size_t s = 3; s < 8; ++s) CHECK(a(0, 0, s) == 0);
      CHECK((!lengths.given() || a(0, 1, 2) == 0));
    }
  }
}

TEST_CASE("attention window: what cannot be is refused") {
  const auto refusal = [](AttentionKind kind, std::size_t width) {
    return message_of<std::invalid_argument>([=] { Windowed(kind, width); });
  };
  CHECK(refusal(AttentionKind::none, 1) == "attention: need a kind of attention; got none");
  CHECK(refusal(AttentionKind::local_m, 0) == "attention: need a window of at least 1; got 0");
}

}  // namespace
}  // namespace babelgrad
