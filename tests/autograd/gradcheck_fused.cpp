#include "babelgrad/autograd/backward.h"
#include "tests/autograd/gradcheck_table.h"

namespace babelgrad {

std::vector<Row> attention_rows() {
  struct Case {
    std::string label;
    std::size_t T, S, B, K, D;
    IntArray lengths;
  };
  const std::vector<Case> cases{
      {"full length", 2, 3, 2, 3, 2, {}},
      {"lengths", 2, 4, 3, 2, 3, ints({3}, {4, 1, 2})},
      {"T = 1", 1, 3, 2, 2, 2, ints({2}, {3, 2})},
      {"S = 1", 2, 1, 2, 2, 2, {}},
      {"all sizes 1", 1, 1, 1, 1, 1, ints({1}, {1})},
      {"K = 17", 1, 2, 1, 17, 1, {}},
  };
  std::vector<Row> rows;
  for (const Case& c : cases) {
    const IntArray lengths = c.lengths;
    const Draw q = drawn({c.T, c.B, c.K}), k = drawn({c.S, c.B, c.K}), v = drawn({c.S, c.B, c.D});
    rows.push_back(row("dot_attention", c.label, {q, k, v}, [=](const auto& in) {
      return dot_attention(in[0], in[1], in[2], lengths).context;
    }));
    rows.push_back(
        row("dot_attention", c.label + ", keys are the values", {q, k},
            [=](const auto& in) { return dot_attention(in[0], in[1], in[1], lengths).context; }));
    rows.push_back(row("additive_attention", c.label, {q, k, drawn({c.K}), v}, [=](const auto& in) {
      return additive_attention(in[0], in[1], in[2], in[3], lengths).context;
    }));
    rows.push_back(row("additive_attention", c.label + ", keys are the values",
                       {q, k, drawn({c.K})}, [=](const auto& in) {
                         return additive_attention(in[0], in[1], in[2], in[1], lengths).context;
                       }));
  }
  rows.push_back(row("attention_weights", "of the dot product",
                     {drawn({2, 3, 2}), drawn({4, 3, 2})}, [](const auto& in) {
                       return dot_attention(in[0], in[1], in[1], ints({3}, {4, 1, 2})).weights;
                     }));
  rows.push_back(row("attention_weights", "additive, beside the context",
                     {drawn({2, 2, 3}), drawn({2, 2, 3}), drawn({3})}, [](const auto& in) {
                       const auto attended = additive_attention(in[0], in[1], in[2], in[1]);
                       return sum(attended.weights) * sum(attended.context * attended.context) +
                              sum(attended.weights * attended.weights);
                     }));
  rows.push_back(row("linear", "location_scores", {drawn({2, 3, 2}), drawn({5, 2})},
                     [](const auto& in) { return location_scores(in[0], in[1], 4); }));
  rows.push_back(row("softmax", "scaled_dot_product_attention, causal, the heads share their keys",
                     {drawn({2, 3, 2}), drawn({1, 4, 2}), drawn({2, 4, 3})}, [](const auto& in) {
                       return scaled_dot_product_attention(in[0], in[1], in[2], causal_mask(3, 4));
                     }));
  rows.push_back(row("dot_attention", "self-attention", {drawn({3, 2, 2})},
                     [](const auto& in) { return dot_attention(in[0], in[0], in[0]).context; }));
  rows.push_back(row(
      "additive_attention", "self-attention", {drawn({3, 2, 2}), drawn({2})}, [](const auto& in) {
        return additive_attention(in[0], in[0], in[1], in[0], ints({2}, {3, 2})).context;
      }));
  return rows;
}

std::vector<Row> attention_gru_rows() {
  struct Case {
    std::string label;
    std::size_t T, S, B, E, H, A, D;
    IntArray lengths;
  };
  const std::vector<Case> cases{
      {"full length", 3, 3, 2, 2, 3, 2, 2, {}},
      {"lengths", 2, 4, 3, 2, 2, 3, 2, ints({3}, {4, 1, 2})},
      {"T = 1", 1, 2, 2, 2, 2, 2, 3, ints({2}, {1, 2})},
      {"S = 1", 2, 1, 2, 1, 2, 2, 2, {}},
      {"all sizes 1", 1, 1, 1, 1, 1, 1, 1, ints({1}, {1})},
      {"wide", 2, 2, 1, 1, 2, 17, 1, {}},
  };
  const auto run = []<class T>(const std::vector<Tensor<T>>& in, const IntArray& lengths) {
    return attention_gru<T>(in[4], in[6], in[7], in[5], {in[8], in[9], in[10]}, weights_of(in, 0),
                            lengths);
  };
  std::vector<Row> rows;
  for (const Case& c : cases) {
    const IntArray lengths = c.lengths;
    const std::vector<Draw> draws{drawn({3 * c.H, c.E + c.D}),
                                  drawn({3 * c.H, c.H}),
                                  drawn({3 * c.H}),
                                  drawn({3 * c.H}),
                                  drawn({c.T, c.B, c.E}),
                                  drawn({c.B, c.H}),
                                  drawn({c.S, c.B, c.A}),
                                  drawn({c.S, c.B, c.D}),
                                  drawn({c.A, c.H}),
                                  drawn({c.A}),
                                  drawn({c.A})};
    rows.push_back(row("attention_gru", c.label, draws,
                       [=](const auto& in) { return run(in, lengths).contexts_and_states; }));
    if (c.label == "lengths")
      rows.push_back(row("attention_gru_weights", c.label, draws,
                         [=](const auto& in) { return run(in, lengths).weights; }));
  }
  const auto shared = []<class T>(const std::vector<Tensor<T>>& in) {
    return attention_gru<T>(in[4], in[4], in[4], in[5], {in[6], in[7], in[7]}, weights_of(in, 0))
        .contexts_and_states;
  };
  rows.push_back(row("attention_gru", "words are keys are values",
                     {drawn({6, 4}), drawn({6, 2}), drawn({6}), drawn({6}), drawn({3, 2, 2}),
                      drawn({2, 2}), drawn({2, 2}), drawn({2})},
                     shared));
  return rows;
}

std::vector<Row> checkpoint_rows() {
  const auto block = []<class T>(const std::vector<Tensor<T>>& in) {
    return tanh(linear(in[0], in[1], in[2]));
  };
  const auto same = []<class T>(const std::vector<Tensor<T>>& in) { return in[0]; };
  const auto constant = []<class T>(const std::vector<Tensor<T>>& in) {
    return mul(in[0].detach(), in[0].detach());
  };
  const auto nested = [block]<class T>(const std::vector<Tensor<T>>& in) {
    return exp(checkpoint<T>(block, in));
  };
  return {
      row("checkpoint", "a layer", {drawn({2, 3}), drawn({4, 3}), drawn({4})},
          [block]<class T>(const std::vector<Tensor<T>>& in) { return checkpoint<T>(block, in); }),
      row("checkpoint", "aliased inputs", {drawn({3, 3}), drawn({3})},
          [block]<class T>(const std::vector<Tensor<T>>& in) {
            return checkpoint<T>(block, {in[0], in[0], in[1]});
          }),
      row("checkpoint", "nested", {drawn({2, 3}), drawn({4, 3}), drawn({4})},
          [nested]<class T>(const std::vector<Tensor<T>>& in) {
            return checkpoint<T>(nested, in);
          }),
      row("checkpoint", "the identity", {drawn({2})},
          [same]<class T>(const std::vector<Tensor<T>>& in) { return checkpoint<T>(same, in); }),
      row("checkpoint", "a part without gradient", {drawn({2})},
          [constant]<class T>(const std::vector<Tensor<T>>& in) {
            return add(in[0], sub(checkpoint<T>(constant, in), checkpoint<T>(constant, in)));
          }),
  };
}

}  // namespace babelgrad
