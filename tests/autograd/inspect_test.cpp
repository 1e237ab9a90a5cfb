// Statistics of arrays, and the tables of values and gradients.
#include <doctest/doctest.h>

#include "babelgrad/autograd/backward.h"
#include "babelgrad/autograd/inspection/inspect.h"
#include "tests/autograd/helpers.h"

namespace babelgrad {
namespace {

TEST_CASE("statistics: norm, bounds, share of zeros, finiteness") {
  const ArrayStatistics s = statistics(Array<float>({4}, std::vector<float>{0, 3, -4, 0}));
  CHECK(s.norm == 5);
  CHECK(s.min == -4);
  CHECK(s.max == 3);
  CHECK(s.mean_size == 1.75);
  CHECK(s.max_size == 4);
  CHECK(s.zeros == 0.5);
  CHECK(s.finite);
  CHECK(statistics(zeros<double>({0})).norm == 0);
  CHECK(statistics(scalar(-2.0)).max == -2);
  const double inf = std::numeric_limits<double>::infinity();
  CHECK_FALSE(statistics(Array<double>({2}, std::vector<double>{1, inf})).finite);
  CHECK_FALSE(statistics(Array<double>({2}, std::vector<double>{std::nan(""), 1})).finite);
  CHECK(statistics(full<float>({3}, 1e30f)).norm > 1.7e30);  // squares beyond float's range
}

TEST_CASE("inspect: figures of values and gradients, and their tables, aligned") {
  Tensor<double> weight({2, 3}, {1, 2, 2, 0, 0, 4}, kRequiresGrad),
      bias({3}, {0, 0, 0}, kRequiresGrad);
  Tensor<double> unused({7}, {1, 1, 1, 1, 1, 1, 1}, kRequiresGrad), bad({}, {1}, kRequiresGrad);
  weight.set_name("decoder.weight");
  bias.set_name("bias");
  unused.set_name("unused");
  bad.set_name("bad");
  weighted_sum(weight, Array<double>({2, 3}, std::vector<double>{0, 3, 0, 0, -4, 0})).backward();
  weighted_sum(bias, full<double>({3}, 1)).backward();
  weighted_sum(bad, scalar(std::numeric_limits<double>::infinity())).backward();
  const auto reports = inspect<double>({weight, bias, unused, bad});
  REQUIRE(reports.size() == 4);
  CHECK(reports[0].name == "decoder.weight");
  CHECK(reports[0].shape == Shape{2, 3});
  CHECK(reports[0].value.norm == 5);
  CHECK(reports[0].gradient->norm == 5);
  CHECK(reports[0].gradient_ratio() == 1);
  CHECK_FALSE(reports[2].gradient);
  CHECK(reports[2].gradient_ratio() == 0);
  CHECK(value_table(reports) ==
        "name            shape        norm        min        max   zeros\n"
        "decoder.weight  [2, 3]  5.000e+00  0.000e+00  4.000e+00   33.3%\n"
        "bias            [3]     0.000e+00  0.000e+00  0.000e+00  100.0%\n"
        "unused          [7]     2.646e+00  1.000e+00  1.000e+00    0.0%\n"
        "bad             []      1.000e+00  1.000e+00  1.000e+00    0.0%\n");
  CHECK(gradient_table(reports) ==
        "name            shape       norm  mean abs   max abs   zeros  norm/weight\n"
        "decoder.weight  [2, 3] 5.000e+00 1.167e+00 4.000e+00   66.7%    1.000e+00\n"
        "bias            [3]    1.732e+00 1.000e+00 1.000e+00    0.0%          inf\n"
        "bad             []           inf       inf       inf    0.0%          inf  not finite\n");
  CHECK(gradient_table({}) == "name  shape      norm  mean abs   max abs   zeros  norm/weight\n");
}

}  // namespace
}  // namespace babelgrad
