// The exact message of softmax, normalisation, losses and the fused ops for every kind of bad
// input.
#include <doctest/doctest.h>

#include "tests/autograd/error_table.h"

namespace babelgrad {
namespace {

using D = Tensor<double>;

IntArray of_ones(const Shape& shape) { return full<std::int32_t>(shape, 1); }

TEST_CASE("errors: softmax and normalisation") {
  check_messages({
      {"softmax: need axis -1 in [-rank, rank); got x []", [] { softmax(leaf_of({}), -1); }},
      {"softmax: need x [..., N] with N >= 1; got x [2, 0]",
       [] {
         softmax(leaf_of({2, 0}), -1);
       }},
      {"softmax: need a mask that broadcasts to x; got x [2, 3], keep [2]",
       [] {
         softmax(leaf_of({2, 3}), -1, whole_mask({2}));
       }},
      {"log_softmax: need axis 1 in [-rank, rank); got x [2]",
       [] { log_softmax(leaf_of({2}), 1); }},
      {"log_softmax: need a mask that broadcasts to x; got x [2, 3], keep [2, 4]",
       [] {
         log_softmax(leaf_of({2, 3}), 0, whole_mask({2, 4}));
       }},
      {"layer_norm: need x [..., N], weight [N] and bias [N]; got x [2, 3], weight [2], bias [3]",
       [] {
         layer_norm(leaf_of({2, 3}), leaf_of({2}), leaf_of({3}));
       }},
      {"layer_norm: need x [..., N], weight [N] and bias [N]; got x [2, 3], weight [3], bias [1]",
       [] {
         layer_norm(leaf_of({2, 3}), leaf_of({3}), leaf_of({1}));
       }},
      {"layer_norm: need x [..., N], weight [N] and bias [N]; got x [], weight [1], bias [1]",
       [] { layer_norm(leaf_of({}), leaf_of({1}), leaf_of({1})); }},
  });
}

TEST_CASE("errors: cross-entropy") {
  const D logits = leaf_of({2, 3}), h = leaf_of({2, 4}), w = leaf_of({3, 4}), b = leaf_of({3});
  const IntArray ok = ints({2}, {0, 2});
  check_messages({
      {"cross_entropy: need x [..., N] with N >= 1; got x []",
       [=] { cross_entropy(leaf_of({}), ints({}, {0})); }},
      {"cross_entropy: need one target a row; got x [2, 3], targets [3]",
       [=] { cross_entropy(logits, of_ones({3})); }},
      {"cross_entropy: need targets in [0, 3); got 3 at position 1",
       [=] {
         cross_entropy(logits, ints({2}, {0, 3}));
       }},
      {"cross_entropy: need targets in [0, 3); got -1 at position 0",
       [=] {
         cross_entropy(logits, ints({2}, {-1, 0}), {.ignore_index = 0});
       }},
      {"cross_entropy: need 0 <= label_smoothing < 1; got 1.000000",
       [=] { cross_entropy(logits, ok, {.label_smoothing = 1}); }},
      {"cross_entropy: need 0 <= label_smoothing < 1; got -0.100000",
       [=] { cross_entropy(logits, ok, {.label_smoothing = -0.1}); }},
      {"cross_entropy: need normalizer >= 0; got -1.000000",
       [=] { cross_entropy(logits, ok, {.normalizer = -1}); }},
      {"linear_cross_entropy: need x [..., K], weight [V, K] with V >= 1 and bias [V]; got x [2, "
       "4], "
       "weight [3, 4], bias [4]",
       [=] { linear_cross_entropy(h, w, leaf_of({4}), ok); }},
      {"linear_cross_entropy: need x [..., K] and weight [V, K] with V >= 1; got x [2, 3], weight "
       "[3, 4]",
       [=] { linear_cross_entropy(logits, w, D(), ok); }},
      {"linear_cross_entropy: need x [..., K] and weight [V, K] with V >= 1; got x [2, 4], weight "
       "[]",
       [=] { linear_cross_entropy(h, leaf_of({}), D(), ok); }},
      {"linear_cross_entropy: need x [..., K] and weight [V, K] with V >= 1; got x [2, 4], weight "
       "[0, 4]",
       [=] {
         linear_cross_entropy(h, leaf_of({0, 4}), D(), ok);
       }},
      {"linear_cross_entropy: need one target a row; got x [2, 4], targets [1]",
       [=] { linear_cross_entropy(h, w, b, of_ones({1})); }},
      {"linear_cross_entropy: need targets in [0, 3); got 5 at position 0",
       [=] {
         linear_cross_entropy(h, w, b, ints({2}, {5, 0}));
       }},
      {"linear_cross_entropy: need 0 <= label_smoothing < 1; got nan",
       [=] {
         linear_cross_entropy(h, w, b, ok,
                              {.label_smoothing = std::numeric_limits<double>::quiet_NaN()});
       }},
      {"linear_cross_entropy: need normalizer >= 0; got -2.000000",
       [=] { linear_cross_entropy(h, w, b, ok, {.normalizer = -2}); }},
  });
}

TEST_CASE("errors: gru") {
  const GruWeights<double> w{leaf_of({6, 3}), leaf_of({6, 2}), leaf_of({6}),
                             leaf_of({6})};  // E 3, H 2
  GruWeights<double> bad_ih = w, bad_hh = w, bad_bias = w, no_rank = w;
  bad_ih.weight_ih = leaf_of({6, 4});
  bad_hh.weight_hh = leaf_of({5, 2});
  bad_bias.bias_hh = leaf_of({2});
  no_rank.weight_hh = leaf_of({});
  const D in = leaf_of({4, 5, 3}), step = leaf_of({5, 3}), state = leaf_of({5, 2});
  const std::string rule =
      "need weight_ih [3H, E], weight_hh [3H, H], bias_ih [3H] and bias_hh [3H] with H 2 and E 3; ";
  const std::string gru_rule = "gru: " + rule, cell_rule = "gru_cell: " + rule;
  const std::string a =
      gru_rule + "got weight_ih [6, 4], weight_hh [6, 2], bias_ih [6], bias_hh [6]";
  const std::string b =
      gru_rule + "got weight_ih [6, 3], weight_hh [5, 2], bias_ih [6], bias_hh [6]";
  const std::string c =
      cell_rule + "got weight_ih [6, 3], weight_hh [6, 2], bias_ih [6], bias_hh [2]";
  check_messages({
      {"gru: need x [T, B, E], each at least 1; got x [4, 5]",
       [=] {
         gru(leaf_of({4, 5}), {}, w);
       }},
      {"gru: need x [T, B, E], each at least 1; got x [0, 5, 3]",
       [=] {
         gru(leaf_of({0, 5, 3}), {}, w);
       }},
      {a, [=] { gru(in, {}, bad_ih); }},
      {b, [=] { gru(in, {}, bad_hh); }},
      {"gru: need weight_ih [3H, E], weight_hh [3H, H], bias_ih [3H] and bias_hh [3H] with H 0 and "
       "E "
       "3; got weight_ih [6, 3], weight_hh [], bias_ih [6], bias_hh [6]",
       [=] { gru(in, {}, no_rank); }},
      {"gru: need an initial state [B, H]; got x [4, 5, 3], initial_state [4, 2]",
       [=] {
         gru(in, leaf_of({4, 2}), w);
       }},
      {"gru: need lengths [B] with B 5; got lengths [4]", [=] { gru(in, {}, w, of_ones({4})); }},
      {"gru: need lengths in [1, 4]; got 0 at position 1",
       [=] {
         gru(in, {}, w, ints({5}, {1, 0, 1, 1, 1}));
       }},
      {"gru: need lengths in [1, 4]; got 5 at position 4",
       [=] {
         gru(in, {}, w, ints({5}, {1, 1, 1, 1, 5}));
       }},
      {"gru_cell: need x [B, E] and state [B, H], each at least 1; got x [5, 3], state [4, 2]",
       [=] {
         gru_cell(step, leaf_of({4, 2}), w);
       }},
      {"gru_cell: need x [B, E] and state [B, H], each at least 1; got x [4, 5, 3], state [5, 2]",
       [=] { gru_cell(in, state, w); }},
      {c, [=] { gru_cell(step, state, bad_bias); }},
  });
}

TEST_CASE("errors: lstm and rnn") {
  const LstmWeights<double> w{leaf_of({8, 3}), leaf_of({8, 2}), leaf_of({8}),
                              leaf_of({8})};  // E 3, H 2
  const RnnWeights<double> plain{leaf_of({2, 3}), leaf_of({2, 2}), leaf_of({2}), leaf_of({2})};
  const D in = leaf_of({4, 5, 3}), step = leaf_of({5, 3}), h = leaf_of({5, 2});
  check_messages({
      {"lstm: need x [T, B, E], each at least 1; got x [5, 3]", [=] { lstm(step, {}, w); }},
      {"lstm: need weight_ih [4H, E], weight_hh [4H, H], bias_ih [4H] and bias_hh [4H] with H 2 "
       "and E 3; got weight_ih [2, 3], weight_hh [2, 2], bias_ih [2], bias_hh [2]",
       [=] { lstm(in, {}, plain); }},
      {"lstm: need an initial state [B, H]; got x [4, 5, 3], initial_state [4, 2]",
       [=] {
         lstm(in, {leaf_of({4, 2}), h}, w);
       }},
      {"lstm: need an initial state [B, H]; got x [4, 5, 3], initial_state [5, 3]",
       [=] {
         lstm(in, {h, step}, w);
       }},
      {"lstm: need lengths in [1, 4]; got 5 at position 4",
       [=] {
         lstm(in, {}, w, ints({5}, {1, 1, 1, 1, 5}));
       }},
      {"lstm_cell: need x [B, E] and state [B, H], each at least 1; got x [5, 3], state [4, 2]",
       [=] {
         lstm_cell(step, {leaf_of({4, 2}), h}, w);
       }},
      {"lstm_cell: need a state of h and c, [B, H] each; got h [5, 2], c [5, 3]",
       [=] {
         lstm_cell(step, {h, step}, w);
       }},
      {"lstm_cell: need weight_ih [4H, E], weight_hh [4H, H], bias_ih [4H] and bias_hh [4H] with H "
       "2 and E 3; got weight_ih [2, 3], weight_hh [2, 2], bias_ih [2], bias_hh [2]",
       [=] {
         lstm_cell(step, {h, h}, plain);
       }},
      {"rnn: need x [T, B, E], each at least 1; got x [5, 3]", [=] { rnn(step, {}, plain); }},
      {"rnn: need weight_ih [H, E], weight_hh [H, H], bias_ih [H] and bias_hh [H] with H 2 and E "
       "3; got weight_ih [8, 3], weight_hh [8, 2], bias_ih [8], bias_hh [8]",
       [=] { rnn(in, {}, w); }},
      {"rnn: need an initial state [B, H]; got x [4, 5, 3], initial_state [5, 3]",
       [=] { rnn(in, step, plain); }},
      {"rnn: need lengths [B] with B 5; got lengths [4]",
       [=] { rnn(in, {}, plain, of_ones({4})); }},
      {"rnn_cell: need x [B, E] and state [B, H], each at least 1; got x [4, 5, 3], state [5, 2]",
       [=] { rnn_cell(in, h, plain); }},
      {"rnn_cell: need weight_ih [H, E], weight_hh [H, H], bias_ih [H] and bias_hh [H] with H 2 "
       "and E 3; got weight_ih [8, 3], weight_hh [8, 2], bias_ih [8], bias_hh [8]",
       [=] { rnn_cell(step, h, w); }},
  });
}

TEST_CASE("errors: attention") {
  const D q = leaf_of({2, 3, 4}), k = leaf_of({5, 3, 4}), v = leaf_of({5, 3, 6}), u = leaf_of({4});
  const std::string rule =
      ": need queries [T, B, K], keys [S, B, K] and values [S, B, D] with S >= 1; got queries ";
  for (const std::string op : {"dot_attention", "additive_attention"}) {
    const auto attend = [&](const D& queries, const D& keys, const D& values,
                            const IntArray& lengths) {
      return [=] {
        if (op == "dot_attention")
          dot_attention(queries, keys, values, lengths);
        else
          additive_attention(queries, keys, u, values, lengths);
      };
    };
    const auto message = [&](const D& queries, const D& keys, const D& values,
                             const IntArray& lengths = {}) {
      return message_of<ShapeError>(attend(queries, keys, values, lengths));
    };
    CHECK(message(leaf_of({2, 4}), k, v) == op + rule + "[2, 4], keys [5, 3, 4], values [5, 3, 6]");
    CHECK(message(leaf_of({2, 1, 4}), k, v) ==
          op + rule + "[2, 1, 4], keys [5, 3, 4], values [5, 3, 6]");
    CHECK(message(q, leaf_of({5, 3, 3}), v) ==
          op + rule + "[2, 3, 4], keys [5, 3, 3], values [5, 3, 6]");
    CHECK(message(q, k, leaf_of({4, 3, 6})) ==
          op + rule + "[2, 3, 4], keys [5, 3, 4], values [4, 3, 6]");
    CHECK(message(q, leaf_of({0, 3, 4}), leaf_of({0, 3, 6})) ==
          op + rule + "[2, 3, 4], keys [0, 3, 4], values [0, 3, 6]");
    CHECK(message(q, k, v, of_ones({2})) == op + ": need lengths [B] with B 3; got lengths [2]");
    CHECK(message(q, k, v, ints({3}, {5, 6, 1})) ==
          op + ": need lengths in [1, 5]; got 6 at position 1");
    CHECK(message(q, k, v, ints({3}, {5, 1, 0})) ==
          op + ": need lengths in [1, 5]; got 0 at position 2");
  }
  CHECK(message_of<ShapeError>([&] { additive_attention(q, k, leaf_of({3}), v); }) ==
        "additive_attention: need v [K] with K 4; got v [3]");
}

TEST_CASE("errors: attention, step by step") {
  check_messages({
      {"dot_scores: need queries [T, B, K] and keys [S, B, K]; got queries [2, 3, 4], keys [5, 3, "
       "6]",
       [] {
         dot_scores(leaf_of({2, 3, 4}), leaf_of({5, 3, 6}));
       }},
      {"additive_scores: need queries [T, B, K], keys [S, B, K] or [T, S, B, K], and v [K]; got "
       "queries [2, 3, 4], keys [5, 3, 4], v [5]",
       [] {
         additive_scores(leaf_of({2, 3, 4}), leaf_of({5, 3, 4}), leaf_of({5}));
       }},
      {"attention_weights: need scores [T, B, S]; got scores [3, 5]",
       [] {
         attention_weights(leaf_of({3, 5}));
       }},
      {"attention_context: need weights [T, B, S] and values [S, B, D]; got weights [2, 3, 5], "
       "values [4, 3, 6]",
       [] {
         attention_context(leaf_of({2, 3, 5}), leaf_of({4, 3, 6}));
       }},
      {"location_scores: need queries [T, B, K] and a weight [L, K] with L of at least 5; got "
       "queries [2, 3, 4], weight [4, 4]",
       [] {
         location_scores(leaf_of({2, 3, 4}), leaf_of({4, 4}), 5);
       }},
      {"scaled_dot_scores: need queries [..., T, D] and keys [..., S, D]; got queries [2, 3], keys "
       "[3, 2]",
       [] {
         scaled_dot_product_attention(leaf_of({2, 3}), leaf_of({3, 2}), leaf_of({3, 2}));
       }},
      {"attention_weights: need scores [T, B, S]; got scores [2, 3]",
       [] {
         attention_weights(leaf_of({2, 3}), causal_mask(2, 3));
       }},
  });
}

TEST_CASE("errors: attention_gru") {
  const D words = leaf_of({4, 3, 2}), keys = leaf_of({5, 3, 6}), values = leaf_of({5, 3, 7}),
          state = leaf_of({3, 8});
  const AdditiveScore<double> score{leaf_of({6, 8}), leaf_of({6}), leaf_of({6})};
  const GruWeights<double> w{leaf_of({24, 9}), leaf_of({24, 8}), leaf_of({24}), leaf_of({24})};
  const std::string need =
      "attention_gru: need words [T, B, E], keys [S, B, A], values [S, B, D] and a state [B, H], "
      "each at least 1; got words ";
  check_messages({
      {need + "[4, 2], keys [5, 3, 6], values [5, 3, 7], state [3, 8]",
       [=] {
         attention_gru(leaf_of({4, 2}), keys, values, state, score, w);
       }},
      {need + "[4, 3, 2], keys [4, 3, 6], values [5, 3, 7], state [3, 8]",
       [=] {
         attention_gru(words, leaf_of({4, 3, 6}), values, state, score, w);
       }},
      {need + "[4, 3, 2], keys [5, 3, 6], values [5, 3, 7], state [2, 8]",
       [=] {
         attention_gru(words, keys, values, leaf_of({2, 8}), score, w);
       }},
      {"attention_gru: need query_weight [A, H], query_bias [A] and v [A] with A 6 and H 8; got "
       "query_weight [6, 8], query_bias [6], v [5]",
       [=] {
         attention_gru(words, keys, values, state,
                       {score.query_weight, score.query_bias, leaf_of({5})}, w);
       }},
      {"attention_gru: need weight_ih [3H, E], weight_hh [3H, H], bias_ih [3H] and bias_hh [3H] "
       "with H 8 and E 9; got weight_ih [24, 2], weight_hh [24, 8], bias_ih [24], bias_hh [24]",
       [=] {
         attention_gru(words, keys, values, state, score,
                       {leaf_of({24, 2}), w.weight_hh, w.bias_ih, w.bias_hh});
       }},
      {"attention_gru: need lengths in [1, 5]; got 6 at position 1",
       [=] {
         attention_gru(words, keys, values, state, score, w, ints({3}, {5, 6, 1}));
       }},
  });
}

}  // namespace
}  // namespace babelgrad
