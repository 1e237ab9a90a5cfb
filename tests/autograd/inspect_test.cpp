// Statistics and the table of gradients, and the graph as DOT text.
#include <doctest/doctest.h>

#include "babelgrad/autograd/backward.h"
#include "babelgrad/autograd/inspect.h"
#include "tests/autograd/helpers.h"

namespace babelgrad {
namespace {

TEST_CASE("statistics: norm, bounds, share of zeros, finiteness") {
  const ArrayStatistics s = statistics(array_of<float>({4}, std::vector<float>{0, 3, -4, 0}));
  CHECK(s.norm == 5);
  CHECK(s.min == -4);
  CHECK(s.max == 3);
  CHECK(s.zeros == 0.5);
  CHECK(s.finite);
  CHECK(statistics(zeros<double>({0})).norm == 0);
  CHECK(statistics(scalar(-2.0)).max == -2);
  const double inf = std::numeric_limits<double>::infinity();
  CHECK_FALSE(statistics(array_of<double>({2}, std::vector<double>{1, inf})).finite);
  CHECK_FALSE(statistics(array_of<double>({2}, std::vector<double>{std::nan(""), 1})).finite);
  CHECK(statistics(full<float>({3}, 1e30f)).norm > 1.7e30);  // squares beyond float's range
}

TEST_CASE("inspect_gradients: the table, aligned") {
  Tensor<double> weight = random_leaf({2, 3}, 1), bias({3}, {0, 0, 0}, kRequiresGrad);
  Tensor<double> unused = random_leaf({7}, 2), bad({}, {1}, kRequiresGrad);
  weight.set_name("decoder.weight");
  bias.set_name("bias");
  bad.set_name("bad");
  weighted_sum(weight, array_of<double>({2, 3}, std::vector<double>{0, 3, 0, 0, -4, 0})).backward();
  weighted_sum(bias, full<double>({3}, 1)).backward();
  weighted_sum(bad, scalar(std::numeric_limits<double>::infinity())).backward();
  const auto table = inspect_gradients<double>({weight, unused, bias, bad});
  REQUIRE(table.size() == 3);  // nothing for `unused`
  CHECK(table[0].name == "decoder.weight");
  CHECK(table[0].shape == Shape{2, 3});
  CHECK(table[0].statistics.norm == 5);
  CHECK(to_string(table) ==
        "name            shape        norm        min        max   zeros\n"
        "decoder.weight  [2, 3]  5.000e+00 -4.000e+00  3.000e+00   66.7%\n"
        "bias            [3]     1.732e+00  1.000e+00  1.000e+00    0.0%\n"
        "bad             []            inf        inf        inf    0.0%  not finite\n");
  CHECK(to_string(std::vector<NamedGradient>{}) ==
        "name  shape       norm        min        max   zeros\n");
}

TEST_CASE("to_dot: ops and leaves with their shapes, numbered from 0 whatever ran before") {
  const auto draw = [] {
    Tensor<double> x({2, 3}, {1, 2, 3, 4, 5, 6}), w = random_leaf({3, 4}, 1);
    w.set_name("the \"weight\"");
    const Tensor<double> h = matmul(x, w);
    return to_dot(sum(mul(h, h)));
  };
  const std::string expected = R"(digraph autograd {
  rankdir=BT;
  node [fontname="sans-serif"];
  n0 [label="leaf
[2, 3]", shape=plaintext];
  n1 [label="the \"weight\"
[3, 4]", shape=ellipse];
  n2 [label="matmul
[2, 4]", shape=box];
  n3 [label="mul
[2, 4]", shape=box];
  n4 [label="sum
[]", shape=box];
  n0 -> n2;
  n1 -> n2;
  n2 -> n3;
  n2 -> n3;
  n3 -> n4;
}
)";
  CHECK(draw() == expected);
  CHECK(draw() == expected);
}

TEST_CASE("to_dot: a deep graph without recursion") {
  Tensor<double> y({}, {0}, kRequiresGrad);
  for (int i = 0; i < 50000; ++i) y = shift(y, 1);
  const std::string dot = to_dot(y);
  CHECK(dot.find("n49999 -> n50000;") != std::string::npos);
}

}  // namespace
}  // namespace babelgrad
