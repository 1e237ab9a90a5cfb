// Runs the rows of gradcheck_table.h and holds them against the ops that the sources record.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>

#include "babelgrad/autograd/backward.h"
#include "babelgrad/autograd/inspection/gradcheck.h"
#include "tests/autograd/gradcheck_table.h"

namespace babelgrad {

std::vector<Array<double>> draw(const std::vector<Draw>& draws) {
  std::vector<Array<double>> arrays;
  for (const Draw& d : draws) {
    arrays.push_back(random_array(d.shape, arrays.size() + 1, d.low, d.high));
    if (!d.either_sign) continue;
    const Array<double> sign = random_array(d.shape, arrays.size() + 100);
    for (std::size_t i = 0; i < sign.size(); ++i)
      if (sign.data()[i] < 0) arrays.back().data()[i] *= -1;
  }
  return arrays;
}

const std::vector<Row>& all_rows() {
  static const std::vector<Row> rows = [] {
    std::vector<Row> all;
    for (const auto& family :
         {elementwise_rows, mask_rows, product_rows, convolution_rows, shape_rows, broadcast_rows,
          reduce_rows, index_rows, softmax_rows, cross_entropy_rows, gru_rows, attention_rows,
          attention_gru_rows, checkpoint_rows, activation_rows, statistics_rows, order_rows,
          lstm_rows, rnn_rows}) {
      const std::vector<Row> more = family();
      all.insert(all.end(), more.begin(), more.end());
    }
    return all;
  }();
  return rows;
}

namespace {

// Whether the graph of `output` holds a node of this op.
bool records(const Tensor<double>& output, const std::string& op) {
  std::vector<const Node<double>*> pending{&output.node()};
  while (!pending.empty()) {
    const Node<double>* node = pending.back();
    pending.pop_back();
    if (node->op == op) return true;
    for (const auto& input : node->inputs) pending.push_back(input.node.get());
  }
  return false;
}

TEST_CASE("gradcheck: every row, all inputs and each alone") {
  for (const Row& row : all_rows()) {
    INFO(row.op, ": ", row.label);
    const std::vector<Tensor<double>> leaves = leaves_of<double>(row);
    REQUIRE(records(row.in_double(leaves), row.op));
    CHECK_NOTHROW(gradcheck(row.in_double, leaves));
    if (leaves.size() == 1) continue;
    for (std::size_t wanted = 0; wanted < leaves.size(); ++wanted) {
      std::vector<Tensor<double>> inputs;
      for (std::size_t i = 0; i < leaves.size(); ++i)
        inputs.push_back(i == wanted ? leaves[i] : leaves[i].detach());
      INFO("only input ", wanted, " requires a gradient");
      CHECK_NOTHROW(gradcheck(row.in_double, inputs));
    }
  }
}

TEST_CASE("gradgradcheck: every row, the gradients of its gradients") {
  for (const Row& row : all_rows()) {
    INFO(row.op, ": ", row.label);
    CHECK_NOTHROW(gradgradcheck(row.in_double, leaves_of<double>(row)));
  }
}

TEST_CASE("every row: a fused op is its definition, value and gradients") {
  for (const Row& row : all_rows()) {
    INFO(row.op, ": ", row.label);
    const std::vector<Tensor<double>> leaves = leaves_of<double>(row);
    const Tensor<double> output = row.in_double(leaves);
    const Tensor<double> by_parts = composed([&] { return row.in_double(leaves); });
    CHECK(max_difference(output.value(), by_parts.value()) < 1e-12);
    const Array<double> cotangent = random_array(output.shape(), 99);
    CHECK(max_difference(gradients(output, cotangent, leaves),
                         gradients(by_parts, cotangent, leaves)) < 1e-12);
  }
}

TEST_CASE("every row: a second backward pass through a kept graph gives the same") {
  for (const Row& row : all_rows()) {
    INFO(row.op, ": ", row.label);
    const std::vector<Tensor<double>> leaves = leaves_of<double>(row);
    const Tensor<double> output = row.in_double(leaves);
    const Array<double> cotangent = random_array(output.shape(), 99);
    const auto first = gradients(output, cotangent, leaves, {.retain_graph = true});
    const auto second = gradients(output, cotangent, leaves, {.retain_graph = true});
    const auto last = gradients(output, cotangent, leaves);
    CHECK(max_difference(first, second) == 0);
    CHECK(max_difference(first, last) == 0);
  }
}

TEST_CASE("every row: its gradient adds to one that is there already") {
  for (const Row& row : all_rows()) {
    INFO(row.op, ": ", row.label);
    const std::vector<Tensor<double>> leaves = leaves_of<double>(row);
    const Tensor<double> output = row.in_double(leaves);
    const Array<double> cotangent = random_array(output.shape(), 99);
    auto expected = gradients(output, cotangent, leaves, {.retain_graph = true});
    Tensor<double> loss = weighted_sum(output, cotangent);
    for (std::size_t i = 0; i < leaves.size(); ++i) {  // later nodes: visited before the op
      const Array<double> more = random_array(leaves[i].shape(), 200 + i);
      loss = loss + weighted_sum(leaves[i], more);
      expected[i] = expected[i] + more;
    }
    CHECK(max_difference(gradients(loss, leaves), expected) < 1e-13);
  }
}

TEST_CASE("every row: float gives what double gives") {
  for (const Row& row : all_rows()) {
    INFO(row.op, ": ", row.label);
    const std::vector<Tensor<double>> leaves = leaves_of<double>(row);
    const std::vector<Tensor<float>> float_leaves = leaves_of<float>(row);
    const Tensor<double> output = row.in_double(leaves);
    const Tensor<float> float_output = row.in_float(float_leaves);
    CHECK(max_difference(output.value(), float_output.value()) < 1e-5 * magnitude(output.value()));
    const Array<double> cotangent = random_array(output.shape(), 99);
    const auto expected = gradients(output, cotangent, leaves);
    const auto got = gradients(float_output, converted<float>(cotangent), float_leaves);
    for (std::size_t i = 0; i < leaves.size(); ++i)
      CHECK(max_difference(expected[i], got[i]) < 1e-5 * magnitude(expected[i]));
  }
}

TEST_CASE("every row: without history under NoGrad, and the same value") {
  for (const Row& row : all_rows()) {
    INFO(row.op, ": ", row.label);
    const std::vector<Tensor<double>> leaves = leaves_of<double>(row);
    const Array<double> expected = row.in_double(leaves).value();
    const NoGrad no_grad;
    const Tensor<double> output = row.in_double(leaves);
    CHECK(max_difference(output.value(), expected) == 0);
    if (row.label == "the identity") continue;
    CHECK_FALSE(output.requires_grad());
    CHECK(output.node().inputs.empty());
  }
}

std::string without_comments(const std::filesystem::path& file) {
  std::ifstream stream(file);
  std::string text, line;
  while (std::getline(stream, line)) text += line.substr(0, line.find("//")) + "\n";
  return text;
}

std::set<std::string> matches(const std::string& text, const char* pattern) {
  const std::regex regex(pattern);
  std::set<std::string> found;
  for (std::sregex_iterator i(text.begin(), text.end(), regex), end; i != end; ++i)
    found.insert((*i)[1]);
  return found;
}

// Op names stand as literals in calls of record<T>("name", ...), or of a record_*("name", ...) that
// hands its name on to record.
TEST_CASE("completeness: the table has a row for every op in the sources, and no other") {
  std::set<std::string> in_code, in_table;
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(
           std::string(BABELGRAD_SOURCE_DIR) + "/autograd")) {
    if (entry.path().extension() != ".cpp" || entry.path().filename() == "record.cpp") continue;
    ++files;
    const std::string text = without_comments(entry.path());
    in_code.merge(matches(text, R"re(\brecord(?:_\w+)?(?:<T>)?\(\s*"(\w+)")re"));
    for (const std::string& name : matches(text, R"re(\brecord(?:<T>)?\(\s*([^"\s][^,]*),)re")) {
      INFO(entry.path().filename().string(), ": record(", name, ", ...) must stand in a record_*");
      CHECK(name == "name");
      CHECK(text.find(" record_") != std::string::npos);
    }
  }
  REQUIRE(files > 10);
  for (const Row& row : all_rows()) in_table.insert(row.op);
  std::vector<std::string> missing, unknown;
  std::set_difference(in_code.begin(), in_code.end(), in_table.begin(), in_table.end(),
                      std::back_inserter(missing));
  std::set_difference(in_table.begin(), in_table.end(), in_code.begin(), in_code.end(),
                      std::back_inserter(unknown));
  CHECK(in_code.size() >= 42);
  for (const std::string& op : missing) FAIL_CHECK("no row for the op ", op);
  for (const std::string& op : unknown) FAIL_CHECK("a row for ", op, ", which no source records");
}

}  // namespace
}  // namespace babelgrad
