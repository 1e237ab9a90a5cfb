#include "tests/autograd/gradcheck_table.h"

namespace babelgrad {

std::vector<Row> product_rows() {
  std::vector<Row> rows;
  for (const bool ta : {false, true})
    for (const bool tb : {false, true}) {
      const std::string label = std::string(ta ? "a^T " : "a ") + (tb ? "b^T" : "b");
      const Shape a = ta ? Shape{4, 2} : Shape{2, 4}, b = tb ? Shape{3, 4} : Shape{4, 3};
      Shape many_a = a, many_b = b;
      many_a.insert(many_a.begin(), 2);
      many_b.insert(many_b.begin(), 2);
      const Transposed transposed{ta, tb};
      rows.push_back(row("matmul", label, {drawn(a), drawn(b)},
                         [=](const auto& in) { return matmul(in[0], in[1], transposed); }));
      rows.push_back(row("matmul", label + ", aliased", {drawn({3, 3})},
                         [=](const auto& in) { return matmul(in[0], in[0], transposed); }));
      rows.push_back(row("batched_matmul", label, {drawn(many_a), drawn(many_b)},
                         [=](const auto& in) { return batched_matmul(in[0], in[1], transposed); }));
      rows.push_back(row("batched_matmul", label + ", aliased", {drawn({2, 2, 2})},
                         [=](const auto& in) { return batched_matmul(in[0], in[0], transposed); }));
    }
  const std::vector<Row> more{
      row("matmul", "all sizes 1", {drawn({1, 1}), drawn({1, 1})},
          [](const auto& in) { return matmul(in[0], in[1]); }),
      row("batched_matmul", "all sizes 1", {drawn({1, 1, 1}), drawn({1, 1, 1})},
          [](const auto& in) { return batched_matmul(in[0], in[1]); }),
      row("linear", "with bias", {drawn({3, 4}), drawn({2, 4}), drawn({2})},
          [](const auto& in) { return linear(in[0], in[1], in[2]); }),
      row("linear", "without bias", {drawn({3, 4}), drawn({2, 4})},
          [](const auto& in) { return linear(in[0], in[1]); }),
      row("linear", "x of rank 1", {drawn({4}), drawn({2, 4}), drawn({2})},
          [](const auto& in) { return linear(in[0], in[1], in[2]); }),
      row("linear", "x of rank 3", {drawn({2, 3, 4}), drawn({2, 4}), drawn({2})},
          [](const auto& in) { return linear(in[0], in[1], in[2]); }),
      row("linear", "all sizes 1", {drawn({1, 1}), drawn({1, 1}), drawn({1})},
          [](const auto& in) { return linear(in[0], in[1], in[2]); }),
      row("linear", "x is the weight", {drawn({3, 3}), drawn({3})},
          [](const auto& in) { return linear(in[0], in[0], in[1]); }),
  };
  rows.insert(rows.end(), more.begin(), more.end());
  return rows;
}

std::vector<Row> shape_rows() {
  return {
      row("reshape", "", {drawn({2, 6})},
          [](const auto& in) {
            return reshape(in[0], {3, 1, 4});
          }),
      row("reshape", "to rank 0", {drawn({1, 1})},
          [](const auto& in) { return reshape(in[0], {}); }),
      row("transpose", "reversed", {drawn({2, 3, 4})},
          [](const auto& in) { return transpose(in[0]); }),
      row("transpose", "a cycle of axes", {drawn({2, 3, 4})},
          [](const auto& in) {
            return transpose(in[0], {2, 0, 1});
          }),
      row("transpose", "last axis stays", {drawn({2, 3, 4})},
          [](const auto& in) {
            return transpose(in[0], {1, 0, 2});
          }),
      row("transpose", "sizes 1", {drawn({1, 3, 1, 2})},
          [](const auto& in) { return transpose(in[0]); }),
      row("transpose", "rank 1", {drawn({3})}, [](const auto& in) { return transpose(in[0]); }),
      row("concat", "first axis", {drawn({2, 3}), drawn({1, 3})},
          [](const auto& in) { return concat(in, 0); }),
      row("concat", "last axis, three parts", {drawn({2, 1}), drawn({2, 3}), drawn({2, 2})},
          [](const auto& in) { return concat(in, 1); }),
      row("concat", "aliased", {drawn({2, 2}), drawn({2, 1})},
          []<class T>(const std::vector<Tensor<T>>& in) {
            return concat<T>({in[0], in[1], in[0]}, 1);
          }),
      row("stack", "first axis", {drawn({2, 3}), drawn({2, 3})},
          [](const auto& in) { return stack(in, 0); }),
      row("stack", "middle axis", {drawn({2, 3}), drawn({2, 3})},
          [](const auto& in) { return stack(in, 1); }),
      row("stack", "last axis", {drawn({2, 3}), drawn({2, 3})},
          [](const auto& in) { return stack(in, 2); }),
      row("stack", "rank 0", {drawn({}), drawn({}), drawn({})},
          [](const auto& in) { return stack(in, 0); }),
      row("stack", "aliased", {drawn({2})},
          []<class T>(const std::vector<Tensor<T>>& in) {
            return stack<T>({in[0], in[0]}, 1);
          }),
      row("slice", "first axis", {drawn({4, 3})},
          [](const auto& in) { return slice(in[0], 0, 1, 3); }),
      row("slice", "middle axis", {drawn({2, 4, 3})},
          [](const auto& in) { return slice(in[0], 1, 2, 3); }),
      row("slice", "overlapping slices", {drawn({2, 5})},
          [](const auto& in) { return mul(slice(in[0], 1, 0, 3), slice(in[0], 1, 1, 4)); }),
  };
}

std::vector<Row> broadcast_rows() {
  return {
      row("broadcast_to", "size 1 repeats", {drawn({2, 1, 3})},
          [](const auto& in) {
            return broadcast_to(in[0], {2, 4, 3});
          }),
      row("broadcast_to", "first and last axis repeat", {drawn({1, 3, 1})},
          [](const auto& in) {
            return broadcast_to(in[0], {2, 3, 4});
          }),
      row("broadcast_to", "axes in front", {drawn({1, 3})},
          [](const auto& in) {
            return broadcast_to(in[0], {2, 2, 4, 3});
          }),
      row("broadcast_to", "rank 0", {drawn({})},
          [](const auto& in) {
            return broadcast_to(in[0], {2, 3});
          }),
      row("add_bias", "rank 3", {drawn({2, 2, 3}), drawn({3})},
          [](const auto& in) { return add_bias(in[0], in[1]); }),
      row("add_bias", "aliased", {drawn({3})},
          [](const auto& in) { return add_bias(in[0], in[0]); }),
      row("add_bias", "size 1", {drawn({2, 1}), drawn({1})},
          [](const auto& in) { return add_bias(in[0], in[1]); }),
  };
}

std::vector<Row> reduce_rows() {
  struct Case {
    std::string label;
    Shape shape;
    Reduce over;
  };
  const std::vector<Case> cases{
      {"all", {2, 3, 4}, {}},
      {"all, kept", {2, 3}, {{}, true}},
      {"first axis", {2, 3, 4}, {{0}}},
      {"middle axis, kept", {2, 3, 4}, {{1}, true}},
      {"last axis", {2, 3, 4}, {{2}}},
      {"first and last axis", {2, 3, 4}, {{2, 0}}},
      {"first and last axis, kept", {2, 3, 4}, {{0, 2}, true}},
      {"first two axes", {2, 3, 4}, {{0, 1}}},
      {"first and third of four axes", {2, 3, 2, 2}, {{0, 2}}},
      {"second and last of four axes, wide", {2, 2, 3, 18}, {{1, 3}}},
      {"first axis, wide", {3, 37}, {{0}}},
      {"last axis, wide", {2, 37}, {{1}}},
      {"size 1", {2, 1, 3}, {{1}}},
      {"rank 0", {}, {}},
  };
  std::vector<Row> rows;
  for (const Case& c : cases) {
    const Reduce over = c.over;
    rows.push_back(
        row("sum", c.label, {drawn(c.shape)}, [over](const auto& in) { return sum(in[0], over); }));
    rows.push_back(row("mean", c.label, {drawn(c.shape)},
                       [over](const auto& in) { return mean(in[0], over); }));
    rows.push_back(
        row("max", c.label, {drawn(c.shape)}, [over](const auto& in) { return max(in[0], over); }));
    rows.push_back(row("logsumexp", c.label, {Draw{c.shape, -3, 3}},
                       [over](const auto& in) { return logsumexp(in[0], over); }));
  }
  return rows;
}

std::vector<Row> index_rows() {
  return {
      row("gather_rows", "repeated indices", {drawn({4, 3})},
          [](const auto& in) {
            return gather_rows(in[0], ints({2, 3}, {1, 3, 1, 0, 1, 3}));
          }),
      row("gather_rows", "an index of rank 0", {drawn({4, 3})},
          [](const auto& in) { return gather_rows(in[0], ints({}, {2})); }),
      row("gather_rows", "one row of one", {drawn({1, 1})},
          [](const auto& in) {
            return gather_rows(in[0], ints({3}, {0, 0, 0}));
          }),
      row("pick", "rank 2", {drawn({3, 4})},
          [](const auto& in) {
            return pick(in[0], ints({3}, {3, 0, 3}));
          }),
      row("pick", "rank 3", {drawn({2, 2, 3})},
          [](const auto& in) {
            return pick(in[0], ints({2, 2}, {2, 0, 1, 1}));
          }),
      row("pick", "rank 1", {drawn({3})},
          [](const auto& in) { return pick(in[0], ints({}, {1})); }),
  };
}

}  // namespace babelgrad
