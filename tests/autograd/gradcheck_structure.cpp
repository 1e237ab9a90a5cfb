#include "babelgrad/autograd/backward.h"
#include "tests/autograd/gradcheck_table.h"

namespace babelgrad {

std::vector<Row> product_rows() {
  std::vector<Row> rows;
  for (const bool ta : {false, true})
    for (const bool tb : {false, true}) {
      const std::string label = std::string(ta ? "a^T " : "a ") + (tb ? "b^T" : "b");
      const Shape a = ta ? Shape{4, 2} : Shape{2, 4}, b = tb ? Shape{3, 4} : Shape{4, 3};
      Shape many_a = a, many_b = b;
      many_a.insert(0, 2);
      many_b.insert(0, 2);
      const Transposed transposed{ta, tb};
      rows.push_back(row("matmul", label, {drawn(a), drawn(b)},
                         [=](const auto& in) { return matmul(in[0], in[1], transposed); }));
      rows.push_back(row("matmul", label + ", aliased", {drawn({3, 3})},
                         [=](const auto& in) { return matmul(in[0], in[0], transposed); }));
      rows.push_back(row("matmul", label + ", rank 3", {drawn(many_a), drawn(many_b)},
                         [=](const auto& in) { return matmul(in[0], in[1], transposed); }));
      many_b[0] = 1;
      many_a.insert(0, 2);
      many_b.insert(0, 1);
      rows.push_back(row("matmul", label + ", broadcast", {drawn(many_a), drawn(many_b)},
                         [=](const auto& in) { return matmul(in[0], in[1], transposed); }));
      rows.push_back(row("matmul", label + ", b of rank 2", {drawn(many_a), drawn(b)},
                         [=](const auto& in) { return matmul(in[0], in[1], transposed); }));
      rows.push_back(row("matmul", label + ", a of rank 2", {drawn(a), drawn(many_b)},
                         [=](const auto& in) { return matmul(in[0], in[1], transposed); }));
      rows.push_back(row("matmul", label + ", rank 3, aliased", {drawn({2, 2, 2})},
                         [=](const auto& in) { return matmul(in[0], in[0], transposed); }));
    }
  const std::vector<Row> more{
      row("matmul", "all sizes 1", {drawn({1, 1}), drawn({1, 1})},
          [](const auto& in) { return matmul(in[0], in[1]); }),
      row("matmul", "bmm, all sizes 1", {drawn({1, 1, 1}), drawn({1, 1, 1})},
          [](const auto& in) { return bmm(in[0], in[1]); }),
      row("dot", "", {drawn({4}), drawn({4})}, [](const auto& in) { return dot(in[0], in[1]); }),
      row("dot", "aliased", {drawn({4})}, [](const auto& in) { return dot(in[0], in[0]); }),
      row("outer", "", {drawn({2}), drawn({3})},
          [](const auto& in) { return outer(in[0], in[1]); }),
      row("matmul", "of a vector", {drawn({2, 3, 4}), drawn({4})},
          [](const auto& in) { return matmul(in[0], in[1]); }),
      row("matmul", "a vector of", {drawn({3}), drawn({2, 3, 4})},
          [](const auto& in) { return matmul(in[0], in[1]); }),
      row("matmul", "two vectors", {drawn({3}), drawn({3})},
          [](const auto& in) { return matmul(in[0], in[1]); }),
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
      row("permute", "reversed", {drawn({2, 3, 4})},
          [](const auto& in) {
            return permute(in[0], {2, 1, 0});
          }),
      row("permute", "transpose", {drawn({2, 3, 4})},
          [](const auto& in) { return transpose(in[0], 0, -1); }),
      row("permute", "a cycle of axes", {drawn({2, 3, 4})},
          [](const auto& in) {
            return permute(in[0], {2, 0, 1});
          }),
      row("permute", "last axis stays", {drawn({2, 3, 4})},
          [](const auto& in) {
            return permute(in[0], {1, 0, 2});
          }),
      row("permute", "sizes 1", {drawn({1, 3, 1, 2})},
          [](const auto& in) {
            return permute(in[0], {3, 2, 1, 0});
          }),
      row("permute", "rank 1", {drawn({3})}, [](const auto& in) { return permute(in[0], {0}); }),
      row("cat", "first axis", {drawn({2, 3}), drawn({1, 3})},
          [](const auto& in) { return cat(in, 0); }),
      row("cat", "last axis, three parts", {drawn({2, 1}), drawn({2, 3}), drawn({2, 2})},
          [](const auto& in) { return cat(in, 1); }),
      row("cat", "aliased", {drawn({2, 2}), drawn({2, 1})},
          []<class T>(const std::vector<Tensor<T>>& in) {
            return cat({in[0], in[1], in[0]}, 1);
          }),
      row("cat", "stack, first axis", {drawn({2, 3}), drawn({2, 3})},
          [](const auto& in) { return stack(in, 0); }),
      row("cat", "stack, middle axis", {drawn({2, 3}), drawn({2, 3})},
          [](const auto& in) { return stack(in, 1); }),
      row("cat", "stack, last axis", {drawn({2, 3}), drawn({2, 3})},
          [](const auto& in) { return stack(in, 2); }),
      row("cat", "stack, rank 0", {drawn({}), drawn({}), drawn({})},
          [](const auto& in) { return stack(in, 0); }),
      row("cat", "stack, aliased", {drawn({2})},
          []<class T>(const std::vector<Tensor<T>>& in) {
            return stack({in[0], in[0]}, 1);
          }),
      row("slice", "first axis", {drawn({4, 3})},
          [](const auto& in) { return slice(in[0], 0, 1, 3); }),
      row("slice", "middle axis", {drawn({2, 4, 3})},
          [](const auto& in) { return slice(in[0], 1, 2, 3); }),
      row("slice", "steps, from the end", {drawn({2, 7, 2})},
          [](const auto& in) { return slice(in[0], 1, -6, 7, 2); }),
      row("slice", "select", {drawn({2, 3})}, [](const auto& in) { return in[0][-1]; }),
      row("unslice", "the gradient of a slice", {drawn({4, 3}), drawn({2, 3})},
          []<class T>(const std::vector<Tensor<T>>& in) {
            const Tensor<T> whole(in[0].value(), kRequiresGrad);
            const auto slope = [&] {
              const EnableGrad enable_grad;
              return gradients(slice(whole, 0, 1, 4, 2), in[1], {whole}, {.create_graph = true})[0];
            }();
            return in[0] * slope;
          }),
      row("slice", "split", {drawn({5, 2})},
          [](const auto& in) {
            return cat({split(in[0], 2, 0)[2], chunk(in[0], 2, 0)[0]}, 0);
          }),
      row("slice", "several axes", {drawn({4, 5, 2})},
          [](const auto& in) {
            return slice(in[0], {{1, 4, 2}, {0, -1}, {}});
          }),
      row("cat", "pad", {drawn({2, 3})},
          [](const auto& in) {
            return pad(in[0], {1, 2, 0, 1}, 0.5);
          }),
      row("flip", "", {drawn({2, 3, 2})}, [](const auto& in) { return flip(in[0], 1); }),
      row("identity", "", {drawn({2})}, [](const auto& in) { return identity(in[0]); }),
      row("reshape", "flatten, squeeze, unsqueeze", {drawn({2, 1, 3})},
          [](const auto& in) { return unsqueeze(flatten(squeeze(in[0], 1)), 0); }),
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
      row("sum_to", "", {drawn({2, 4, 3})},
          [](const auto& in) {
            return sum_to(in[0], {4, 1});
          }),
      row("add", "a bias", {drawn({2, 2, 3}), drawn({3})},
          [](const auto& in) { return in[0] + in[1]; }),
      row("add", "aliased", {drawn({3})}, [](const auto& in) { return in[0] + in[0]; }),
      row("add", "a bias of size 1", {drawn({2, 1}), drawn({1})},
          [](const auto& in) { return in[0] + in[1]; }),
  };
}

std::vector<Row> reduce_rows() {
  struct Case {
    std::string label;
    Shape shape;
    Axes axes;
    bool keepdim = false;
  };
  const std::vector<Case> cases{
      {"all", {2, 3, 4}, {}},
      {"all, kept", {2, 3}, {}, true},
      {"first axis", {2, 3, 4}, {0}},
      {"middle axis, kept", {2, 3, 4}, {1}, true},
      {"last axis", {2, 3, 4}, {2}},
      {"first and last axis", {2, 3, 4}, {2, 0}},
      {"first and last axis, kept", {2, 3, 4}, {0, 2}, true},
      {"first two axes", {2, 3, 4}, {0, 1}},
      {"first and third of four axes", {2, 3, 2, 2}, {0, 2}},
      {"second and last of four axes, wide", {2, 2, 3, 18}, {1, 3}},
      {"first axis, wide", {3, 37}, {0}},
      {"last axis, wide", {2, 37}, {1}},
      {"size 1", {2, 1, 3}, {1}},
      {"rank 0", {}, {}},
  };
  std::vector<Row> rows;
  for (const Case& c : cases) {
    const auto add = [&](const char* op, double low, double high, auto f) {
      rows.push_back(row(op, c.label, {Draw{c.shape, low, high}},
                         [f, axes = c.axes, keepdim = c.keepdim](const auto& in) {
                           return f(in[0], axes, keepdim);
                         }));
    };
    add("sum", -1, 1, [](const auto& x, const Axes& a, bool k) { return sum(x, a, k); });
    add("mean", -1, 1, [](const auto& x, const Axes& a, bool k) { return mean(x, a, k); });
    add("amax", -1, 1, [](const auto& x, const Axes& a, bool k) { return amax(x, a, k); });
    add("amin", -1, 1, [](const auto& x, const Axes& a, bool k) { return amin(x, a, k); });
    add("logsumexp", -3, 3,
        [](const auto& x, const Axes& a, bool k) { return logsumexp(x, a, k); });
  }
  return rows;
}

std::vector<Row> index_rows() {
  return {
      row("embedding", "repeated indices", {drawn({4, 3})},
          [](const auto& in) {
            return embedding(in[0], ints({2, 3}, {1, 3, 1, 0, 1, 3}));
          }),
      row("embedding", "an index of rank 0", {drawn({4, 3})},
          [](const auto& in) { return embedding(in[0], ints({}, {2})); }),
      row("embedding", "one row of one", {drawn({1, 1})},
          [](const auto& in) {
            return embedding(in[0], ints({3}, {0, 0, 0}));
          }),
      row("gather", "last axis", {drawn({3, 4})},
          [](const auto& in) {
            return gather(in[0], -1, ints({3, 2}, {3, 0, 3, 3, 1, 2}));
          }),
      row("gather", "first axis", {drawn({3, 2})},
          [](const auto& in) {
            return gather(in[0], 0, ints({2, 2}, {2, 0, 2, 1}));
          }),
      row("scatter_add", "", {drawn({3, 4}), drawn({3, 2})},
          [](const auto& in) {
            return scatter_add(in[0], 1, ints({3, 2}, {3, 0, 3, 3, 1, 2}), in[1]);
          }),
      row("index_select", "middle axis, repeated", {drawn({2, 3, 2})},
          [](const auto& in) {
            return index_select(in[0], 1, ints({4}, {2, 0, 2, 1}));
          }),
      row("index_add", "repeated", {drawn({2, 3}), drawn({2, 4})},
          [](const auto& in) {
            return index_add(in[0], 1, ints({4}, {2, 0, 2, 1}), in[1]);
          }),
  };
}

}  // namespace babelgrad
