// Attention as SVG, PNG and CSV.
#include "babelgrad/apps/attention_plot.h"

#include <cstdlib>

#include "babelgrad/apps/commands.h"
#include "babelgrad/apps/external_program.h"
#include "tests/apps/error_table.h"

namespace babelgrad::test {
namespace {

using apps::attention_csv;
using apps::attention_svg;
using Tokens = std::vector<std::string>;

std::vector<std::vector<float>> diagonal(std::size_t size) {
  std::vector<std::vector<float>> weights(size, std::vector<float>(size, 0.0f));
  for (std::size_t i = 0; i < size; ++i) weights[i][i] = 1;
  return weights;
}

TEST_CASE("attention as CSV: fields as RFC 4180, weights to the last bit") {
  CHECK(attention_csv({"je", "a,b", "\"", "</s>"}, {"x\ny", "</s>"},
                      {{1.0f, 0.25f, 1e-20f, 0.1f}, {0.0f, 0.5f, 0.33333334f, 0.0f}}) ==
        "target,je,\"a,b\",\"\"\"\",</s>\n"
        "\"x\ny\",1,0.25,1e-20,0.1\n"
        "</s>,0,0.5,0.33333334,0\n");
}

TEST_CASE("attention as SVG: a mark for each weight that can be seen, a number if there is room") {
  const std::string svg =
      attention_svg({"je", "suis"}, {"i", "am"}, {{0.9f, 0.1f}, {0.996f, 0.004f}});
  CHECK(svg.starts_with("<svg "));
  CHECK(svg.ends_with("</svg>\n"));
  CHECK(occurrences(svg, "fill=\"#0e4b87\"/>") == 1);  // 0.996
  CHECK(occurrences(svg, "width=\"34\" height=\"34\"") == 3);
  for (const char* text : {">je<", ">suis<", ">i<", ">am<", ">.90<", ">.10<", ">1<"})
    CHECK_MESSAGE(svg.find(text) != std::string::npos, text);
}

TEST_CASE("attention as SVG: tokens of any kind are text, never markup") {
  const std::string svg = attention_svg({"<b>", "&", "\t", "\x01", "\xff", " ", "\uFFFF", "▁le"},
                                        {"سلام"}, {std::vector<float>(8, 0.125f)});
  for (const char* text :
       {">&lt;b&gt;<", ">&amp;<", ">␉<", ">␁<", ">\uFFFD<", ">␣<", ">سلام<", ">▁</tspan>le<"})
    CHECK_MESSAGE(svg.find(text) != std::string::npos, text);
  CHECK(attention_svg({std::string(100, 'x')}, {"y"}, {{1}}).find(">xxxxxxxxxxxxxxxxxxxxxxxx…<") !=
        std::string::npos);
}

TEST_CASE("attention as SVG: a long sentence makes a small file") {
  const Tokens tokens(500, "wort");
  const std::string svg = attention_svg(tokens, tokens, diagonal(500));
  CHECK(svg.size() < 200'000);
  CHECK(svg.find("e+") == std::string::npos);
}

TEST_CASE("translate --plot-attention: three files a line, named by its number") {
  World world;
  world.add_model();
  const Arguments plot{"translate", "--model", "model", "--plot-attention", "new/plots"};
  const Finished plain = world.run({"translate", "--model", "model"}, "je vois le chat\n\nil\n");
  const Finished finished = world.run(plot, "je vois le chat\n\nil\n");
  CHECK(finished.exit_code == 0);
  CHECK(finished.err == plain.err);
  CHECK(finished.out == plain.out);
  for (const char* name : {"000001", "000003"}) {
    const std::string path = std::string("new/plots/") + name;
    CHECK(world.read(path + ".svg").starts_with("<svg "));
    CHECK(world.read(path + ".png").starts_with("\x89PNG"));
    const auto rows = lines_of(world.read(path + ".csv"));
    CHECK(rows.at(0).starts_with("target,"));
    CHECK(rows.at(0).ends_with(",</s>"));
    CHECK(rows.back().starts_with("</s>,"));
  }
  CHECK_FALSE(world.has("new/plots/000002.svg"));  // an empty line
  CHECK(lines_of(world.read("new/plots/000001.csv"))[0] == "target,je,vois,le,chat,</s>");
}

TEST_CASE("translate --plot-attention refuses") {
  World world;
  world.add_model();
  REQUIRE(world.run(train_to("plain") + Arguments{"--attention", "none"}).exit_code == 0);
  const auto plot = [](const char* model, const char* folder) {
    return Arguments{"translate", "--model", model, "--plot-attention", folder};
  };
  check_refused(world,
                {{plot("plain", "plots"), "--plot-attention needs a model with attention"},
                 {{"translate", "--model", "plain", "--attention"},
                  "--attention needs a model with attention"},
                 {plot("model", "train.fr"), "train.fr: cannot be made a folder (Not a directory)"},
                 {plot("model", "train.fr/plots"),
                  "train.fr/plots: cannot be made a folder (Not a directory)"}});
  const std::string path = std::getenv("PATH");
  setenv("PATH", "/nowhere", 1);
  check_refused(world, {plot("model", "plots"),
                        "rsvg-convert: no such program; apt-get install librsvg2-bin has it"});
  setenv("PATH", path.c_str(), 1);
}

TEST_CASE("run_filter: what the program writes, or its complaint") {
  using apps::run_filter;
  const std::string large(1 << 20, 'x');
  CHECK(run_filter({"cat", "coreutils"}, {}, large) == large);
  CHECK_THROWS_WITH_AS(run_filter({"no-such-program", "nothing"}, {}, ""),
                       "no-such-program: no such program; apt-get install nothing has it",
                       apps::UsageError);
  CHECK_THROWS_WITH_AS(run_filter({"cat", "coreutils"}, {"--", "/no/such"}, ""),
                       "cat: failed: cat: /no/such: No such file or directory", std::runtime_error);
}

}  // namespace
}  // namespace babelgrad::test
