#include "tests/autograd/gradcheck_table.h"

namespace babelgrad {
namespace {

// log_softmax leaves masked elements at the type's lowest value, which no difference quotient can
// be taken of (and float's is another one than double's): 0 instead.
template <class T>
Tensor<T> without_masked(const Tensor<T>& x, const Mask& keep) {
  return masked_fill(x, !keep, 0);
}

}  // namespace

std::vector<Row> softmax_rows() {
  const Mask mask =
      nonzero(ints({3, 4}, {1, 0, 1, 1, 0, 0, 0, 0, 0, 1, 0, 0}));  // row 1: nothing left
  const Mask row_mask({4}, {true, true, false, true});
  return {
      row("softmax", "rank 2", {drawn({2, 5})}, [](const auto& in) { return softmax(in[0], -1); }),
      row("softmax", "rank 1, wide", {drawn({19})},
          [](const auto& in) { return softmax(in[0], -1); }),
      row("softmax", "size 1", {drawn({2, 3, 1})},
          [](const auto& in) { return softmax(in[0], -1); }),
      row("softmax", "mask, one row fully masked", {drawn({3, 4})},
          [mask](const auto& in) { return softmax(in[0], -1, mask); }),
      row("softmax", "first axis, mask of a row", {drawn({3, 4})},
          [row_mask](const auto& in) { return softmax(in[0], 0, row_mask); }),
      row("softmax", "middle axis", {drawn({2, 3, 2})},
          [](const auto& in) { return softmax(in[0], 1); }),
      row("log_softmax", "first axis", {drawn({3, 4})},
          [](const auto& in) { return log_softmax(in[0], 0); }),
      row("log_softmax", "rank 2", {drawn({2, 5})},
          [](const auto& in) { return log_softmax(in[0], -1); }),
      row("log_softmax", "rank 1, wide", {drawn({19})},
          [](const auto& in) { return log_softmax(in[0], -1); }),
      row("log_softmax", "size 1", {drawn({2, 3, 1})},
          [](const auto& in) { return log_softmax(in[0], -1); }),
      row("log_softmax", "mask, one row fully masked", {drawn({3, 4})},
          [mask](const auto& in) { return without_masked(log_softmax(in[0], -1, mask), mask); }),
      row("layer_norm", "rank 3", {drawn({2, 2, 5}), drawn({5}), drawn({5})},
          [](const auto& in) { return layer_norm(in[0], in[1], in[2]); }),
      row("layer_norm", "rank 1, large epsilon", {drawn({4}), drawn({4}), drawn({4})},
          [](const auto& in) { return layer_norm(in[0], in[1], in[2], 0.5); }),
      row("layer_norm", "size 1", {drawn({2, 1}), drawn({1}), drawn({1})},
          [](const auto& in) { return layer_norm(in[0], in[1], in[2]); }),
      row("layer_norm", "x, gain and bias aliased", {drawn({4})},
          [](const auto& in) { return layer_norm(in[0], in[0], in[0]); }),
  };
}

std::vector<Row> cross_entropy_rows() {
  struct Case {
    std::string label;
    Shape rows;
    std::size_t classes;
    std::vector<std::int32_t> targets;
    CrossEntropyOptions options;
  };
  const std::vector<Case> cases{
      {"mean", {3}, 4, {1, 3, 1}, {}},
      {"ignored rows", {2, 2}, 3, {-100, 2, 0, -100}, {}},
      {"another ignore_index", {3}, 4, {0, 2, 0}, {.ignore_index = 0}},
      {"smoothing", {3}, 5, {4, 0, 2}, {.label_smoothing = 0.1}},
      {"all options", {4}, 18, {3, -7, 17, 3}, {-7, 0.3, 2.5}},
      {"one class", {2}, 1, {0, 0}, {.label_smoothing = 0.1}},
      {"one row", {}, 3, {1}, {}},
      {"nothing but ignored rows", {2}, 3, {-1, -1}, {.ignore_index = -1}},
  };
  std::vector<Row> rows;
  for (const Case& c : cases) {
    const IntArray targets = ints(c.rows, c.targets);
    const CrossEntropyOptions options = c.options;
    Shape logits = c.rows, x = c.rows;
    logits.push_back(c.classes);
    x.push_back(3);
    const Draw weight = drawn({c.classes, 3}), bias = drawn({c.classes});
    rows.push_back(row("cross_entropy", c.label, {drawn(logits)},
                       [=](const auto& in) { return cross_entropy(in[0], targets, options); }));
    rows.push_back(row("linear_cross_entropy", c.label + ", bias", {drawn(x), weight, bias},
                       [=](const auto& in) {
                         return linear_cross_entropy(in[0], in[1], in[2], targets, options);
                       }));
    rows.push_back(row("linear_cross_entropy", c.label, {drawn(x), weight},
                       [=]<class T>(const std::vector<Tensor<T>>& in) {
                         return linear_cross_entropy(in[0], in[1], Tensor<T>(), targets, options);
                       }));
  }
  rows.push_back(row("linear_cross_entropy", "x is the weight", {drawn({3, 3})},
                     []<class T>(const std::vector<Tensor<T>>& in) {
                       return linear_cross_entropy(in[0], in[0], Tensor<T>(), ints({3}, {2, 0, 1}));
                     }));
  return rows;
}

}  // namespace babelgrad
