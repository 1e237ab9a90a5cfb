// Gradients by rows are the dense ones, whatever else reads the table.
#include "babelgrad/autograd/row_gradient.h"

#include <doctest/doctest.h>

#include "babelgrad/autograd/backward.h"
#include "tests/autograd/helpers.h"

namespace babelgrad {
namespace {

using D = Tensor<double>;

Array<double> dense_of(Gradient<double> gradient, const Shape& shape) {
  return gradient.make_dense(shape);
}

Array<double> column(const std::vector<double>& values) {
  return Array<double>({values.size(), 1}, values);
}

TEST_CASE("sum_by_row adds what has the same index, in order of the rows") {
  const RowGradient<double> sum = sum_by_row(ints({4}, {7, 2, 7, 0}), column({1, 10, 100, 1000}));
  CHECK(sum.rows == std::vector<std::int32_t>{0, 2, 7});
  CHECK(max_difference(sum.values, column({1000, 10, 101})) == 0);
  CHECK(sum_by_row(ints({0}, {}), zeros<double>({0, 4})).rows.empty());
}

TEST_CASE("add_rows: into rows and into a whole array") {
  const RowGradient<double> a = sum_by_row(ints({2}, {1, 3}), random_array({2, 4}, 1));
  const RowGradient<double> b = sum_by_row(ints({3}, {0, 3, 5}), random_array({3, 4}, 2));
  const RowGradient<double> none = sum_by_row(ints({0}, {}), zeros<double>({0, 4}));
  Array<double> expected = zeros<double>({6, 4});
  add_rows(a, expected);
  add_rows(b, expected);
  RowGradient<double> sum = none;
  for (const RowGradient<double>& part : {a, none, b}) add_rows(part, sum);
  CHECK(sum.rows == std::vector<std::int32_t>{0, 1, 3, 5});
  CHECK(max_difference(dense_of({{}, sum}, {6, 4}), expected) == 0);
}

TEST_CASE("gradients_by_rows: rows where only embedding read the table, else whole arrays") {
  const D table = random_leaf({9, 3}, 1), other = random_leaf({4, 3}, 2);
  const IntArray first = ints({2, 2}, {4, 1, 4, 8}), second = ints({3}, {0, 4, 5});
  struct Case {
    const char* label;
    std::function<D()> loss;
    bool by_rows;
  };
  const auto rows = [&](const IntArray& indices) { return sum(exp(embedding(table, indices))); };
  const std::vector<Case> cases{
      {"read once", [&] { return rows(first); }, true},
      {"read twice", [&] { return rows(first) * rows(second); }, true},
      {"whole, then rows", [&] { return sum(tanh(table)) * rows(first); }, false},
      {"rows, then whole", [&] { return rows(first) * sum(tanh(table)); }, false},
      {"into a buffer", [&] { return rows(first) * sum(matmul(other, table, {.b = true})); },
       false},
      {"a computed table", [&] { return sum(embedding(tanh(table), first)); }, false},
  };
  for (const Case& c : cases) {
    INFO(c.label);
    const auto dense = gradients(c.loss() + sum(other), {table, other});
    const auto sparse = gradients_by_rows(c.loss() + sum(other), {table, other});
    CHECK(sparse[0].by_rows.has_value() == c.by_rows);
    CHECK(max_difference(dense_of(sparse[0], {9, 3}), dense[0]) == 0);
    CHECK(max_difference(dense_of(sparse[1], {4, 3}), dense[1]) == 0);
  }
}

TEST_CASE("gradients by rows pass hooks and anomaly detection as whole arrays") {
  D table = random_leaf({5, 2}, 1);
  table.register_hook([](const Array<double>& g) -> std::optional<Array<double>> {
    CHECK(g.shape() == Shape{5, 2});
    return Array<double>(2.0 * g);
  });
  const DetectAnomaly detect;
  const auto twice = gradients_by_rows(sum(embedding(table, ints({2}, {3, 3}))), {table});
  CHECK(twice[0].dense(3, 1) == 4);
  CHECK(twice[0].dense(0, 0) == 0);
}

}  // namespace
}  // namespace babelgrad
