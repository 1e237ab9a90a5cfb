// The graph as data and as DOT text.
#include "babelgrad/autograd/inspection/graph.h"

#include <doctest/doctest.h>

#include "babelgrad/autograd/backward.h"
#include "tests/autograd/helpers.h"

namespace babelgrad {
namespace {

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; ++at) ++found;
  return found;
}

TEST_CASE("graph_below: inputs before what is computed from them, the output last") {
  const Tensor<double> x({2, 3}, {1, 2, 3, 4, 5, 6});
  Tensor<double> w = random_leaf({3, 4}, 1);
  w.set_name("w");
  const Tensor<double> h = matmul(x, w);
  const Tensor<double> loss = sum(mul(h, h));
  const auto graph = graph_below(loss);
  REQUIRE(graph.size() == 5);
  CHECK(graph[0].op == "leaf");
  CHECK_FALSE(graph[0].requires_grad);
  CHECK(graph[1].name == "w");
  CHECK(graph[1].is_leaf());
  CHECK(graph[1].requires_grad);
  CHECK(graph[1].bytes == 3 * 4 * sizeof(double));
  CHECK(graph[2].op == "matmul");
  CHECK(graph[2].shape == Shape{2, 4});
  CHECK(graph[2].inputs == std::vector<std::size_t>{0, 1});
  CHECK(graph[3].inputs == std::vector<std::size_t>{2, 2});
  CHECK(graph[4].id == loss.node().id);
}

TEST_CASE("to_dot: ops, constants and parameters with shapes and bytes, whatever ran before") {
  const auto draw = [] {
    Tensor<double> x({2, 3}, {1, 2, 3, 4, 5, 6}), w = random_leaf({3, 4}, 1);
    w.set_name("the <weight>");
    const Tensor<double> h = matmul(x, w);
    return to_dot(sum(mul(h, h)));
  };
  const std::string dot = draw();
  CHECK(dot == draw());
  CHECK(dot.starts_with("digraph autograd {\n"));
  CHECK(dot.ends_with("}\n"));
  for (const char* part : {"<b>constant</b> [2, 3]", "the &lt;weight&gt;<br/>", "[3, 4] · 96 B",
                           "<b>matmul</b> [2, 4]", "n0 -> n2;", "p0 -> n2;", "n3 -> n4;"})
    CHECK_MESSAGE(dot.find(part) != std::string::npos, part);
  CHECK(count(dot, "n2 -> n3;") == 2);
}

TEST_CASE(
    "to_dot: parameters of the same ops share a box, and frames are their names' first parts") {
  Tensor<double> a = random_leaf({2, 2}, 1), b = random_leaf({2, 2}, 2), c = random_leaf({2, 2}, 3);
  a.set_name("encoder.layer.a");
  b.set_name("encoder.layer.b");
  c.set_name("output.c");
  const Tensor<double> encoded = tanh(matmul(a, b));
  const std::string dot = to_dot(sum(matmul(encoded, c)));
  CHECK(count(dot, "subgraph cluster_") == 2);
  for (const char* part : {"label=<encoder>", "label=<output>", "label=<encoder.layer<br/>",
                           ">a [2, 2] · 32 B<", ">b [2, 2] · 32 B<", "label=<output.c<br/>"})
    CHECK_MESSAGE(dot.find(part) != std::string::npos, part);
  CHECK(count(dot, "p0 -> ") == 1);
  CHECK(dot.find("<b>tanh</b>") < dot.find("label=<output>"));  // in the frame of its input
}

TEST_CASE("to_dot: a parameter of many ops is named in each") {
  Tensor<double> w = random_leaf({2, 2}, 1), x = random_leaf({2, 2}, 2);
  w.set_name("cell.w");
  Tensor<double> h = x;
  for (int i = 0; i < 20; ++i) h = matmul(h, w);
  const std::string dot = to_dot(h);
  CHECK(count(dot, ">cell.w</font>") == 20);
  CHECK(dot.find("p0 -> ") == std::string::npos);
}

TEST_CASE("to_dot: times, the longest the darkest") {
  const Tensor<double> x = random_leaf({2, 2}, 1);
  const Tensor<double> slow = exp(x), fast = tanh(slow);
  const NodeCosts costs{{slow.node().id, {1.5, 0.5}}, {fast.node().id, {0.002, 0}}};
  const std::string dot = to_dot(graph_below(fast), costs);
  CHECK(dot.find("forward 1.5 ms · backward 500 µs · 32 B") != std::string::npos);
  CHECK(dot.find("forward 2 µs · backward 0 µs · 32 B") != std::string::npos);
  CHECK(count(dot, "fillcolor=\"#0d4a86\"") == 1);
}

TEST_CASE("to_dot: a deep graph without recursion") {
  Tensor<double> y({}, {0}, kRequiresGrad);
  for (int i = 0; i < 50000; ++i) y = add(y, 1);
  CHECK(to_dot(y).find("n49999 -> n50000;") != std::string::npos);
}

}  // namespace
}  // namespace babelgrad
