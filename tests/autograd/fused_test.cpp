// Fused ops against their composition from primitives: values and all gradients to 1e-12 in double.
#include <doctest/doctest.h>

#include "babelgrad/autograd/backward.h"
#include "babelgrad/autograd/random.h"
#include "tests/autograd/helpers.h"

namespace babelgrad {
namespace {

using D = Tensor<double>;

void check_same(const D& fused, const D& composed, const std::vector<D>& leaves) {
  CHECK(max_difference(fused.value(), composed.value()) < 1e-12);
  const Array<double> cotangent = random_array(fused.shape(), 77);
  const auto got = gradients(fused, cotangent, leaves);
  const auto expected = gradients(composed, cotangent, leaves);
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    INFO("gradient of input ", i);
    CHECK(max_difference(got[i], expected[i]) < 1e-12);
  }
}

constexpr std::size_t kRandomShapes = 12;  // beside those that are chosen

// Between 1 and `most` each; one sentence in four has them all the same length.
IntArray random_lengths(Random& random, std::size_t count, std::size_t most) {
  if (random.below(4) == 0) return {};
  std::vector<std::int32_t> lengths;
  while (lengths.size() < count)
    lengths.push_back(static_cast<std::int32_t>(1 + random.below(most)));
  return ints({count}, lengths);
}

GruWeights<double> gru_weights(std::size_t E, std::size_t H) {
  return {random_leaf({3 * H, E}, 11, -0.5, 0.5), random_leaf({3 * H, H}, 12, -0.5, 0.5),
          random_leaf({3 * H}, 13), random_leaf({3 * H}, 14)};
}

TEST_CASE("gru = its steps composed of primitives") {
  struct Case {
    const char* label;
    std::size_t T, B, E, H;
    IntArray lengths;
  };
  std::vector<Case> cases{
      {"full length", 7, 4, 5, 9, {}},
      {"lengths", 9, 5, 6, 17, ints({5}, {3, 9, 1, 9, 6})},
      {"no sentence of full length", 6, 3, 4, 8, ints({3}, {3, 4, 1})},
      {"all sentences of full length", 3, 2, 4, 8, ints({2}, {3, 3})},
      {"T = 1", 1, 3, 4, 5, ints({3}, {1, 1, 1})},
      {"B = 1", 5, 1, 3, 33, ints({1}, {4})},
      {"H = 1", 4, 3, 2, 1, ints({3}, {1, 4, 2})},
      {"E = 1", 4, 2, 1, 6, {}},
  };
  Random random(20);
  for (std::size_t k = 0; k < kRandomShapes; ++k) {
    const std::size_t T = 1 + random.below(9), B = 1 + random.below(9);
    cases.push_back(
        {"random", T, B, 1 + random.below(20), 1 + random.below(40), random_lengths(random, B, T)});
  }
  for (const Case& c : cases)
    for (const Direction direction : {Direction::forward, Direction::reverse})
      for (const bool has_state : {false, true}) {
        INFO(c.label, direction == Direction::reverse ? ", reverse" : "",
             has_state ? ", initial state" : "");
        const GruWeights<double> w = gru_weights(c.E, c.H);
        const D x = random_leaf({c.T, c.B, c.E}, 1);
        const D state = has_state ? random_leaf({c.B, c.H}, 2) : D();
        std::vector<D> leaves{x, w.weight_ih, w.weight_hh, w.bias_ih, w.bias_hh};
        if (has_state) leaves.push_back(state);
        check_same(gru(x, state, w, c.lengths, direction),
                   composed([&] { return gru(x, state, w, c.lengths, direction); }), leaves);
      }
}

TEST_CASE("gru_cell = the step composed of primitives = gru over one step") {
  const std::size_t shapes[][3] = {{1, 1, 1}, {3, 4, 5}, {2, 7, 16}, {5, 3, 31}};  // B, E, H
  for (const auto& shape : shapes) {
    const std::size_t B = shape[0], E = shape[1], H = shape[2];
    INFO("B ", B, ", E ", E, ", H ", H);
    const GruWeights<double> w = gru_weights(E, H);
    const D x = random_leaf({B, E}, 1), state = random_leaf({B, H}, 2);
    const std::vector<D> leaves{x, state, w.weight_ih, w.weight_hh, w.bias_ih, w.bias_hh};
    check_same(gru_cell(x, state, w), composed([&] { return gru_cell(x, state, w); }), leaves);
    check_same(gru_cell(x, state, w), reshape(gru(reshape(x, {1, B, E}), state, w), {B, H}),
               leaves);
  }
}

struct AttentionCase {
  const char* label;
  std::size_t T, S, B, K, D;
  IntArray lengths;
};

std::vector<AttentionCase> attention_cases() {
  std::vector<AttentionCase> cases{
      {"full length", 4, 5, 3, 6, 7, {}},
      {"lengths", 5, 9, 4, 8, 3, ints({4}, {1, 9, 4, 7})},
      {"wide", 2, 33, 2, 19, 17, ints({2}, {17, 33})},
      {"T = 1", 1, 4, 2, 3, 3, ints({2}, {3, 4})},
      {"S = 1", 3, 1, 2, 3, 3, {}},
      {"B = 1", 3, 4, 1, 3, 5, ints({1}, {2})},
  };
  Random random(21);
  for (std::size_t k = 0; k < kRandomShapes; ++k) {
    const std::size_t S = 1 + random.below(20), B = 1 + random.below(9);
    cases.push_back({"random", 1 + random.below(7), S, B, 1 + random.below(20),
                     1 + random.below(20), random_lengths(random, B, S)});
  }
  return cases;
}

TEST_CASE("dot_attention = its composition") {
  for (const AttentionCase& c : attention_cases()) {
    INFO(c.label);
    const D q = random_leaf({c.T, c.B, c.K}, 1), k = random_leaf({c.S, c.B, c.K}, 2);
    const D v = random_leaf({c.S, c.B, c.D}, 3);
    const Attention<double> fused = dot_attention(q, k, v, c.lengths);
    const Attention<double> by_parts = composed([&] { return dot_attention(q, k, v, c.lengths); });
    CHECK(max_difference(fused.weights.value(), by_parts.weights.value()) < 1e-12);
    check_same(fused.context, by_parts.context, {q, k, v});
    check_same(dot_attention(q, k, k, c.lengths).context,
               composed([&] { return dot_attention(q, k, k, c.lengths); }).context, {q, k});
  }
}

TEST_CASE("additive_attention = its composition") {
  for (const AttentionCase& c : attention_cases()) {
    INFO(c.label);
    const D q = random_leaf({c.T, c.B, c.K}, 1), k = random_leaf({c.S, c.B, c.K}, 2);
    const D values = random_leaf({c.S, c.B, c.D}, 3), v = random_leaf({c.K}, 4);
    const Attention<double> fused = additive_attention(q, k, v, values, c.lengths);
    const Attention<double> by_parts =
        composed([&] { return additive_attention(q, k, v, values, c.lengths); });
    CHECK(max_difference(fused.weights.value(), by_parts.weights.value()) < 1e-12);
    check_same(fused.context, by_parts.context, {q, k, v, values});
    check_same(additive_attention(q, k, v, k, c.lengths).context,
               composed([&] { return additive_attention(q, k, v, k, c.lengths); }).context,
               {q, k, v});
  }
}

TEST_CASE("attention_gru = its steps composed of primitives") {
  const std::size_t E = 5, H = 6;
  for (const AttentionCase& c : attention_cases()) {
    INFO(c.label);
    const D words = random_leaf({c.T, c.B, E}, 1), keys = random_leaf({c.S, c.B, c.K}, 2);
    const D values = random_leaf({c.S, c.B, c.D}, 3), state = random_leaf({c.B, H}, 4);
    const AdditiveScore<double> score{random_leaf({c.K, H}, 5), random_leaf({c.K}, 6),
                                      random_leaf({c.K}, 7)};
    const GruWeights<double> w = gru_weights(E + c.D, H);
    const std::vector<D> leaves{
        words,   keys,        values,      state,     score.query_weight, score.query_bias,
        score.v, w.weight_ih, w.weight_hh, w.bias_ih, w.bias_hh};
    const auto fused = attention_gru(words, keys, values, state, score, w, c.lengths);
    const auto by_parts =
        composed([&] { return attention_gru(words, keys, values, state, score, w, c.lengths); });
    CHECK(max_difference(fused.weights.value(), by_parts.weights.value()) < 1e-12);
    check_same(fused.contexts_and_states, by_parts.contexts_and_states, leaves);
  }
}

TEST_CASE("linear = matmul and a bias") {
  const std::size_t shapes[][3] = {{1, 1, 1}, {4, 3, 5}, {6, 17, 33}};  // rows, K, N
  for (const auto& shape : shapes) {
    const std::size_t rows = shape[0], K = shape[1], N = shape[2];
    INFO("rows ", rows, ", K ", K, ", N ", N);
    const D x = random_leaf({rows, K}, 1), w = random_leaf({N, K}, 2), b = random_leaf({N}, 3);
    const D product = matmul(x, w, {.b = true});
    check_same(linear(x, w, b), product + b, {x, w, b});
    check_same(linear(x, w), matmul(x, w, {.b = true}), {x, w});
    check_same(reshape(linear(reshape(x, {1, rows, K}), w, b), {rows, N}),
               matmul(x, w, {.b = true}) + b, {x, w, b});
  }
}

TEST_CASE("cross_entropy and linear_cross_entropy = their composition") {
  const IntArray targets = ints({7}, {0, 36, 5, -1, 5, -1, 17});
  const D x = random_leaf({7, 6}, 1), w = random_leaf({37, 6}, 2), b = random_leaf({37}, 3);
  for (const CrossEntropyOptions& options :
       {CrossEntropyOptions{.ignore_index = -1},
        CrossEntropyOptions{.ignore_index = -1, .label_smoothing = 0.1},
        CrossEntropyOptions{.ignore_index = -1, .normalizer = 3.5},
        CrossEntropyOptions{.ignore_index = -1, .label_smoothing = 0.25, .normalizer = 1}}) {
    INFO("smoothing ", options.label_smoothing, ", normalizer ", options.normalizer);
    check_same(linear_cross_entropy(x, w, b, targets, options),
               composed([&] { return linear_cross_entropy(x, w, b, targets, options); }),
               {x, w, b});
    check_same(linear_cross_entropy(x, w, D(), targets, options),
               composed([&] { return linear_cross_entropy(x, w, D(), targets, options); }), {x, w});
    check_same(cross_entropy(linear(x, w, b), targets, options),
               composed([&] { return linear_cross_entropy(x, w, b, targets, options); }),
               {x, w, b});
  }
}

// 5 * 2^20 logits make a chunk: 4 rows of this vocabulary, so that 5 rows are two. The reference
// has no smoothing here: log_softmax's backward would add up a million equal shares one after the
// other, which alone is off by more than 1e-12.
TEST_CASE("linear_cross_entropy in several chunks = its composition = its rows one by one") {
  const std::size_t V = (std::size_t{1} << 20) + 3;
  const std::int32_t last = static_cast<std::int32_t>(V) - 1;
  const IntArray targets = ints({6}, {last, 0, -1, 12345, 777777, 1});
  const D x = random_leaf({6, 2}, 1), w = random_leaf({V, 2}, 2), b = random_leaf({V}, 3);
  check_same(linear_cross_entropy(x, w, b, targets, {.ignore_index = -1}),
             composed([&] { return linear_cross_entropy(x, w, b, targets, {.ignore_index = -1}); }),
             {x, w, b});

  const CrossEntropyOptions options{.ignore_index = -1, .label_smoothing = 0.1, .normalizer = 5};
  D one_by_one(0.0);
  for (std::size_t i = 0; i < 6; ++i)
    one_by_one = one_by_one + linear_cross_entropy(slice(x, 0, i, i + 1), w, b,
                                                   ints({1}, {targets.data()[i]}), options);
  check_same(linear_cross_entropy(x, w, b, targets, options), one_by_one, {x, w, b});
}

}  // namespace
}  // namespace babelgrad
