// inspect: a model's parameters, and gradients and graph of one pair, as text, page and picture.
#include <cmath>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "babelgrad/apps/gradient_page.h"
#include "tests/apps/error_table.h"

namespace babelgrad::test {
namespace {

const Arguments kPair{"inspect",         "--model",  "model",        "--source",
                      "je vois le chat", "--target", "i see the cat"};

// A parameter of twos.
Tensor<float> with_gradient(const Shape& shape, const std::vector<float>& gradient) {
  const Tensor<float> tensor(full<float>(shape, 2), kRequiresGrad);
  tensor.backward(Array<float>(shape, gradient));
  return tensor;
}

TEST_CASE("inspect: the model in a line, its parameters, how many they are") {
  const Finished finished = trained_world().run({"inspect", "--model", "model"});
  CHECK(finished.exit_code == 0);
  CHECK(finished.err == "");
  const auto lines = lines_of(finished.out);
  CHECK(lines.at(0).starts_with(
      "gru, global attention from the current state, general score; embedding 16, encoder 2 x 16, "
      "decoder 16, layers 1 and 1; vocabulary "));
  CHECK(lines.at(0).ends_with(", words"));
  CHECK(lines.at(2).starts_with("name "));
  CHECK(finished.out.find("\nencoder.gru.weight_ih_l0 ") != std::string::npos);
  CHECK(finished.out.find("[48, 16]") != std::string::npos);
  CHECK(lines.back().ends_with(" parameters"));
  CHECK(lines.back().find(" elements in ") != std::string::npos);
}

TEST_CASE("inspect: the line says what the structure has besides the default") {
  const World own;
  for (const auto& [setting, said] : std::vector<std::pair<Arguments, std::string>>{
           {{"--preset", "bahdanau2014"},
            "previous state, additive score, maxout readout from the previous state;"},
           {{"--preset", "luong2015", "--initial-state", "mean"},
            "lstm, local_p attention from the current state, general score, input feeding, initial "
            "state mean;"}}) {
    REQUIRE(own.run(train_to("m") + Arguments{"--overwrite"} + setting).exit_code == 0);
    CHECK(own.run({"inspect", "--model", "m"}).out.find(said) != std::string::npos);
  }
}

TEST_CASE("inspect --gradients: a line a parameter, after the loss") {
  const auto parameters = lines_of(trained_world().run({"inspect", "--model", "model"}).out);
  const Finished finished = trained_world().run(kPair + Arguments{"--gradients"});
  CHECK(finished.exit_code == 0);
  const auto lines = lines_of(finished.out);
  CHECK(lines.at(0).starts_with("loss "));
  for (std::size_t i = 3; i + 1 < parameters.size(); ++i)
    CHECK(lines.at(i - 1).starts_with(parameters[i].substr(0, parameters[i].find("  "))));
}

TEST_CASE("inspect --html: the page's numbers are the table's") {
  const Finished finished =
      trained_world().run(kPair + Arguments{"--gradients", "--html", "page.html"});
  CHECK(finished.exit_code == 0);
  const std::string page = trained_world().read("page.html");
  CHECK(page.starts_with("<!doctype html>"));
  const std::string start = "<script type=\"application/json\" id=\"data\">";
  const std::size_t at = page.find(start) + start.size();
  const auto data = nlohmann::json::parse(page.substr(at, page.find("</script>", at) - at));
  CHECK(data.at("source") == "je vois le chat");
  CHECK(data.at("model") == "model");
  const auto lines = lines_of(finished.out);
  REQUIRE(data.at("parameters").size() == lines.size() - 2);
  for (std::size_t i = 2; i < lines.size(); ++i) {
    const auto& parameter = data.at("parameters").at(i - 2);
    const std::string name = parameter.at("name");
    CHECK(lines[i].starts_with(name + " "));
    const double norm = std::stod(lines[i].substr(lines[i].find(']') + 1));
    CHECK(std::abs(parameter.at("norm").get<double>() - norm) <= 1e-3 * norm);
  }
}

TEST_CASE("gradient_document: histogram, map and ratio") {
  Tensor<float> matrix = with_gradient({2, 3}, {3e-4f, -3e-4f, 0, 0, 20, 1e-30f});
  matrix.set_name("m");
  const Tensor<float> constant({2}, {1, 2});
  const auto document = apps::gradient_document({"model", "a", "b", 1.5}, {matrix, constant});
  REQUIRE(document.at("parameters").size() == 1);
  const auto& parameter = document.at("parameters").at(0);
  CHECK(parameter.at("shape") == std::vector<std::size_t>{2, 3});
  CHECK(parameter.at("largest") == 20);
  CHECK(parameter.at("ratio") == 4.082);  // 20 / sqrt(6 * 4)
  CHECK(parameter.at("map").dump() == "[[0.0003,0.0003,0.0],[0.0,20.0,1e-30]]");
  std::vector<std::size_t> counts(30, 0);
  counts[0] = 1;   // below the axis
  counts[16] = 2;  // 10^-4 to 10^-3.5
  counts[26] = 1;  // 10^1 to 10^1.5
  CHECK(parameter.at("histogram") == counts);
}

TEST_CASE("gradient_document: large parameters as blocks, scalars as one") {
  std::vector<float> gradient(96 * 200, 0.0f);
  for (std::size_t i = 0; i < 200; ++i) gradient[i] = 2;  // the first row
  const auto document =
      apps::gradient_document({}, {with_gradient({96, 200}, gradient), with_gradient({}, {3}),
                                   with_gradient({5}, {1, 2, 3, 4, 5})});
  const auto& map = document.at("parameters").at(0).at("map");
  CHECK(map.size() == 48);
  CHECK(map.at(0).size() == 96);
  CHECK(map.at(0).at(7) == 1.414);  // one row of two: 2 / sqrt(2)
  CHECK(map.at(1).at(7) == 0);
  CHECK(document.at("parameters").at(1).at("map").dump() == "[[3.0]]");
  CHECK(document.at("parameters").at(2).at("map").dump() == "[[1.0,2.0,3.0,4.0,5.0]]");
}

TEST_CASE("inspect --graph: a picture by the name's ending, with times") {
  const auto draw = [](const char* file) {
    const Finished finished = trained_world().run(kPair + Arguments{"--graph", file});
    CHECK(finished.exit_code == 0);
    CHECK(lines_of(finished.out).size() == 1);
    return trained_world().read(file);
  };
  const std::string dot = draw("graph.dot");
  CHECK(dot.starts_with("digraph "));
  CHECK(dot.find("<b>dot_attention</b> [5, 1, 32]") != std::string::npos);
  CHECK(dot.find("forward ") != std::string::npos);
  const std::string svg = draw("graph.svg");
  CHECK(svg.find("<svg ") != std::string::npos);
  CHECK(svg.find("linear_cross_entropy") != std::string::npos);
  CHECK(draw("graph.png").starts_with("\x89PNG"));
  CHECK(draw("graph.pdf").starts_with("%PDF"));
}

TEST_CASE("inspect: words that the model does not know are counted") {
  const Finished finished =
      trained_world().run({"inspect", "--model", "model", "--source", "je xyzzy xyzzy", "--target",
                           "i see", "--gradients"});
  CHECK(finished.exit_code == 0);
  CHECK(finished.err == "babelgrad: 2 of the source tokens were unknown to the model\n");
}

TEST_CASE("inspect --html needs a file") {
  check_refused(trained_world(), {kPair + Arguments{"--html", "-"},
                                  "--html: need a file; standard output has the loss"});
}

TEST_CASE("inspect --graph without Graphviz") {
  const std::string path = std::getenv("PATH");
  setenv("PATH", "/nowhere", 1);
  check_refused(trained_world(), {kPair + Arguments{"--graph", "no.svg"},
                                  "dot: no such program; apt-get install graphviz has it"});
  setenv("PATH", path.c_str(), 1);
}

}  // namespace
}  // namespace babelgrad::test
