#include "babelgrad/text/lexicon.h"

#include <doctest/doctest.h>

#include "tests/text/helpers.h"

namespace babelgrad::text {
namespace {

TEST_CASE("lexicon: counted, written, read again") {
  LexiconCounts counts;
  counts.add({"le", "chat"}, {"the", "cat"}, {{0, 0}, {1, 1}});
  counts.add({"le", "chat"}, {"a", "cat"}, {{0, 0}, {1, 1}});
  counts.add({"le", "un"}, {"the", "a"}, {{0, 0}, {1, 1}});
  CHECK_THROWS_AS(counts.add({"le"}, {"the"}, {{0, 1}}), std::out_of_range);
  const Lexicon lexicon = counts.lexicon();
  CHECK(lexicon.source_words() == 3);
  CHECK(lexicon.to_text() == "chat\tcat\t1\nle\tthe\t0.666667\nle\ta\t0.333333\nun\ta\t1\n");
  REQUIRE(lexicon.translations("le").size() == 2);
  CHECK(lexicon.translations("le")[0].target == "the");
  CHECK(lexicon.translations("zzz").empty());
  CHECK(counts.lexicon(2).to_text() == "chat\tcat\t1\nle\tthe\t0.666667\n");
  const TemporaryFolder folder;
  CHECK(Lexicon::load(folder.write("l", lexicon.to_text())).to_text() == lexicon.to_text());
  CHECK(Lexicon::load(folder.write("l", "b\tx\t0.2\na\tz\t1\r\nb\ty\t0.8")).to_text() ==
        "a\tz\t1\nb\ty\t0.8\nb\tx\t0.2\n");  // in any order
}

TEST_CASE("lexicon: errors name file and line") {
  const TemporaryFolder folder;
  const std::string columns = "expected source word, tab, target word, tab, probability";
  const std::string number = "the probability is not a number above 0, at most 1";
  const std::vector<std::pair<std::string, std::string>> rows{
      {"", columns},          {"a\tb", columns},     {"\tb\t1", columns},   {"a\t\t1", columns},
      {"a\tb\t", number},     {"a\tb\t0", number},   {"a\tb\t1.1", number}, {"a\tb\tnan", number},
      {"a\tb\t0.5 ", number}, {"a\tb\t1\tc", number}};
  for (const auto& row : rows) {
    const auto& [line, message] = row;
    CAPTURE(row.first);
    const auto path = folder.write("l", "a\tb\t1\n" + line + "\n");
    CHECK(error_of([&] { Lexicon::load(path); }, &folder) == "l:2: " + message);
  }
  CHECK(error_of([&] { Lexicon::load(folder.path() / "none"); }, &folder) == "none: no such file");
}

}  // namespace
}  // namespace babelgrad::text
