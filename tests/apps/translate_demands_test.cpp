// translate: prefixes and phrases that translations must have.
#include <doctest/doctest.h>

#include "tests/apps/error_table.h"

namespace babelgrad::test {
namespace {

bool has_words(const std::string& text, const std::string& words) {
  return (" " + text + " ").find(" " + words + " ") != std::string::npos;
}

TEST_CASE("a prefix for all lines, and one a line") {
  const World world;
  world.add_model();
  const auto all =
      lines_of(world.run(kTranslate + Arguments{"--prefix", "we like"}, kThreeLines).out);
  REQUIRE(all.size() == 3);
  for (const std::size_t i : {0, 2}) CHECK((all[i] + " ").starts_with("we like "));
  CHECK(all[1] == "");
  for (const auto& line :
       lines_of(world
                    .run(kTranslate + Arguments{"--prefix", "we like the", "--sample", "--nbest",
                                                "3", "--model", "model"},
                         "je vois le chat\n")
                    .out))
    CHECK(line.starts_with("0 ||| we like the"));
  const auto free = lines_of(world.run(kTranslate, kThreeLines).out);
  world.write("p", "she\n\n\n");
  const auto some =
      lines_of(world.run(kTranslate + Arguments{"--prefix-file", "p"}, kThreeLines).out);
  CHECK(some[0].starts_with("she "));
  CHECK(some[2] == free[2]);
  const auto open = lines_of(
      world.run(kTranslate + Arguments{"--prefix", "we l", "--complete-word"}, kThreeLines).out);
  CHECK((open[0].starts_with("we like") || open[0].starts_with("we lose")));
}

TEST_CASE("phrases for all lines, and those of each") {
  const World world;
  world.add_model();
  const auto free = lines_of(world.run(kTranslate, kThreeLines).out);
  world.write("phrases", "two eggs\tblack\n\n\n");
  const auto some =
      lines_of(world.run(kTranslate + Arguments{"--constrain-file", "phrases"}, kThreeLines).out);
  REQUIRE(some.size() == 3);
  CHECK(has_words(some[0], "two eggs"));
  CHECK(has_words(some[0], "black"));
  CHECK(some[2] == free[2]);
  const auto all =
      lines_of(world
                   .run(kTranslate + Arguments{"--constrain-file", "phrases", "--constrain",
                                               "the street", "--constrain", "she", "--prefix", "we",
                                               "--nbest", "4", "--format", "text"},
                        kThreeLines)
                   .out);
  REQUIRE(all.size() == 9);
  for (const std::string& line : all) {
    if (line.starts_with("1 ")) continue;  // of the empty line
    CHECK(line.find(" ||| we ") != std::string::npos);
    CHECK(has_words(line, "the street"));
    CHECK(has_words(line, "she"));
    if (line.starts_with("0 ")) CHECK(has_words(line, "two eggs"));
  }
}

TEST_CASE("demands that cannot be met are refused") {
  const World world;
  world.add_model();
  world.write("two", "the\n\n");
  world.write("bad", "the\nthe cat\ta zyx\n");
  check_refused(
      world,
      {{kTranslate + Arguments{"--prefix", "the zyx"},
        "--prefix: the model has no token for 'zyx'"},
       {kTranslate + Arguments{"--prefix", "the zyx", "--complete-word"},
        "--prefix: the model has no word that begins with 'zyx'"},
       {kTranslate + Arguments{"--prefix", "the", "--prefix-file", "two"},
        "--prefix and --prefix-file exclude each other"},
       {kTranslate + Arguments{"--complete-word"},
        "--complete-word needs --prefix or --prefix-file"},
       {kTranslate + Arguments{"--constrain", "zyx"},
        "--constrain: the model has no token for 'zyx'"},
       {kTranslate + Arguments{"--constrain", ""}, "--constrain: an empty phrase"},
       {kTranslate + Arguments{"--constrain", "the", "--sample"},
        "--constrain needs beam search; --sample draws words"},
       {kTranslate + Arguments{"--constrain-file", "bad"},
        "bad:2: the model has no token for 'zyx'"},
       {kTranslate + Arguments{"--constrain-file", "none"}, "none: no such file"},
       {kTranslate + Arguments{"--constrain-file", "two"},
        "two has 2 lines, but standard input has more; they must match line by line", kThreeLines},
       {kTranslate + Arguments{"--prefix-file", "two"},
        "two has 2 lines, but standard input has more; they must match line by line",
        kThreeLines}});
  const Finished fewer =
      world.run(kTranslate + Arguments{"--prefix-file", "two"}, "je vois le chat\n");
  CHECK(fewer.exit_code == 2);
  CHECK(fewer.out.starts_with("the"));
  CHECK(fewer.err ==
        "babelgrad: two has 2 lines, but standard input has 1; they must match line by line\n");
}

}  // namespace
}  // namespace babelgrad::test
