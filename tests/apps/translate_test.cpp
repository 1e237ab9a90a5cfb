// translate: order, empty lines, interactive use, n-best lists and the attention grid.
#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tests/apps/world.h"

namespace babelgrad::test {
namespace {

TEST_CASE("a line out for each line in, in order") {
  const World world;
  world.add_model();
  const std::string text = world.read("train.fr");
  const Finished all = world.run(kTranslate, text);
  CHECK(all.exit_code == 0);
  CHECK(all.err == "");
  const auto sources = lines_of(text), translations = lines_of(all.out);
  REQUIRE(translations.size() == sources.size());
  for (const std::size_t i : {0, 77, 150, 299})
    CHECK(world.run(kTranslate, sources[i] + "\n").out == translations[i] + "\n");
}

TEST_CASE("--search-precision: the same for any batch and number of threads") {
  const World world;
  world.add_model();
  const std::string text = world.read("train.fr");
  const auto exact = lines_of(world.run(kTranslate, text).out);
  for (const std::string precision : {"bfloat16", "int8"}) {
    INFO(precision);
    const Arguments rounded = kTranslate + Arguments{"--search-precision", precision};
    const Finished all = world.run(rounded + Arguments{"--threads", "2"}, text);
    CHECK(all.exit_code == 0);
    CHECK(all.err == "");
    CHECK(world.run(rounded + Arguments{"--search-batch", "3", "--threads", "1"}, text).out ==
          all.out);
    const auto lines = lines_of(all.out);
    REQUIRE(lines.size() == exact.size());
    std::size_t same = 0;
    for (std::size_t i = 0; i < lines.size(); ++i) same += lines[i] == exact[i];
    CHECK(same > lines.size() * 9 / 10);
    const Arguments evaluate{"evaluate", "--model",     "model",    "--source",
                             "train.fr", "--reference", "train.en", "--json"};
    const Finished evaluated = world.run(evaluate + Arguments{"--search-precision", precision});
    CHECK(nlohmann::json::parse(evaluated.out).at("precision") == precision);
  }
  CHECK(world.run({"train", "--out", "new", "--precision", "int8"}).exit_code == 2);
}

TEST_CASE("empty lines, blank lines, line ends, unknown words") {
  const World world;
  world.add_model();
  const std::string a = world.run(kTranslate, "je vois le chat\n").out;
  const std::string b = world.run(kTranslate, "tu veux du thé\n").out;
  CHECK(world.run(kTranslate, "").out == "");
  CHECK(world.run(kTranslate, "\n").out == "\n");
  CHECK(world.run(kTranslate, "\n\n je vois  le chat\n \t\ntu veux du thé").out ==
        "\n\n" + a + "\n" + b);
  CHECK(world.run(kTranslate, "je vois le chat\r\n\r\n").out == a + "\n");
  CHECK(world.run(kTranslate, "\ufeffje vois le chat\n").out == a);  // a byte order mark
  const Finished unknown = world.run(kTranslate, "xyzzy 漢字 \u200b\n");
  CHECK(unknown.exit_code == 0);
  CHECK(lines_of(unknown.out).size() == 1);
  CHECK(unknown.err == "babelgrad: 3 of 3 source tokens were unknown to the model\n");
}

TEST_CASE("the good lines before a bad one are translated") {
  const World world;
  world.add_model();
  const Finished finished = world.run(kTranslate, "je vois le chat\nje \xff\ntu\n");
  CHECK(finished.exit_code == 2);
  CHECK(finished.out == world.run(kTranslate, "je vois le chat\n").out);
  CHECK(finished.err == "babelgrad: standard input:2: invalid UTF-8 at byte 4\n");
}

TEST_CASE("thousands of lines, more than are read at once") {
  const World world;
  world.add_model();
  const std::string pair = "je vois le chat\n\n";
  const std::string once = world.run(kTranslate, pair).out;
  CHECK(world.run(kTranslate + Arguments{"--beam", "5"}, repeat(pair, 3000)).out ==
        repeat(once, 3000));
}

TEST_CASE("a program that pipes line by line gets its answers before the end") {
  const World world;
  world.add_model();
  Process process(kTranslate, world.path());
  for (const std::string line : {"je vois le chat", "tu veux du thé"}) {
    const std::string expected = world.run(kTranslate, line + "\n").out;
    process.write(line.substr(0, 5));  // half a line gets no answer yet
    CHECK(process.read_line_out(0.1) == "");
    process.write(line.substr(5) + "\n");
    CHECK(process.read_line_out(30) + "\n" == expected);
  }
  process.write("je vois le chat");  // no line end
  const Finished rest = process.finish();
  CHECK(rest.exit_code == 0);
  CHECK(lines_of(rest.out).size() == 1);
}

TEST_CASE("several models are an ensemble, if they read and write the same words") {
  const World world;
  world.add_model();
  const std::string input = "je vois le chat\ntu veux du thé\n";
  const Finished one = world.run(kTranslate, input);
  CHECK(world.run(kTranslate + Arguments{"--model", "model"}, input).out == one.out);
  REQUIRE(world.run(train_to("other") + Arguments{"--vocab-size", "20"}).exit_code == 0);
  const Finished refused = world.run(kTranslate + Arguments{"--model", "other"}, input);
  CHECK(refused.exit_code == 2);
  CHECK(refused.err == "babelgrad: other: reads or writes other words than the first model\n");
}

TEST_CASE("sampled translations") {
  const World world;
  world.add_model();
  const auto sample = [&](const Arguments& more) {
    return world.run(kTranslate + Arguments{"--sample", "--nbest", "7"} + more,
                     "je vois le chat\n");
  };
  const Finished hot = sample({"--temperature", "3"});
  CHECK(hot.exit_code == 0);
  CHECK(lines_of(hot.out).size() == 7);  // more than --beam, which has no part in it
  CHECK(sample({"--temperature", "3"}).out == hot.out);
  CHECK(sample({"--temperature", "3", "--sample-seed", "5"}).out != hot.out);
  const auto cold = lines_of(sample({"--top-k", "1"}).out);
  CHECK(cold[0].substr(6, cold[0].rfind(" ||| ") - 6) + "\n" ==
        world.run(kTranslate + Arguments{"--beam", "1"}, "je vois le chat\n").out);
}

TEST_CASE("n-best lists") {
  const World world;
  world.add_model();
  const Finished finished =
      world.run(kTranslate + Arguments{"--nbest", "3", "--beam", "4"}, kThreeLines);
  CHECK(finished.exit_code == 0);
  const auto lines = lines_of(finished.out);
  REQUIRE(lines.size() == 7);  // an empty line has one, empty, translation
  const std::vector<std::string> starts{"0 ||| ", "0 ||| ", "0 ||| ", "1 ||| ",
                                        "2 ||| ", "2 ||| ", "2 ||| "};
  std::vector<double> scores;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    CHECK(lines[i].starts_with(starts[i]));
    const std::size_t at = lines[i].rfind(" ||| ");
    REQUIRE(at > 1);
    scores.push_back(std::stod(lines[i].substr(at + 5)));
    if (i % 4 != 0 && i != 3) CHECK(scores[i] <= scores[i - 1]);
  }
  CHECK(lines[3] == "1 |||  ||| 0.0000");
  CHECK(world.run(kTranslate + Arguments{"--beam", "4"}, "je vois le chat\n").out ==
        lines[0].substr(6, lines[0].rfind(" ||| ") - 6) + "\n");
  CHECK(lines[0] != lines[1]);
}

TEST_CASE("attention: a grid below each translation, a column a source token") {
  const World world;
  world.add_model();
  const Finished finished = world.run(kTranslate + Arguments{"--attention"}, kThreeLines);
  CHECK(finished.exit_code == 0);
  const std::string plain = world.run(kTranslate, "je vois le chat\n").out;
  CHECK(finished.out.starts_with(plain));
  const auto lines = lines_of(finished.out);
  CHECK(lines[1].find(" je vois le chat </s>") != std::string::npos);
  const auto words = static_cast<std::size_t>(2 + std::count(plain.begin(), plain.end(), ' '));
  CHECK(lines[1 + words].find("</s>") == 2);  // the last of as many rows as words, and </s>
  CHECK(lines[2 + words] == "");              // the translation of the empty line has no grid
  CHECK(finished.out.find(" tu veux du thé </s>\n") != std::string::npos);
}

TEST_CASE("search flags override those of the model") {
  const World world;
  world.add_model();
  const Finished greedy = world.run(
      kTranslate + Arguments{"--beam", "1", "--max-length-ratio", "0", "--max-length-extra", "1"},
      "je vois le chat\n");
  CHECK(greedy.exit_code == 0);
  CHECK(greedy.out.find(' ') == std::string::npos);  // a word, at most
}

}  // namespace
}  // namespace babelgrad::test
