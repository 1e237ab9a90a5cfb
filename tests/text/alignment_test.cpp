#include "babelgrad/text/alignment.h"

#include <doctest/doctest.h>

#include <stdexcept>

#include "tests/text/helpers.h"

namespace babelgrad::text {
namespace {

TEST_CASE("Pharaoh lines") {
  CHECK(parse_alignment("", "f", 1).empty());
  CHECK(parse_alignment("1-2 0-0  10-3 1-2", "f", 1) == Alignment{{0, 0}, {1, 2}, {10, 3}});
  const TemporaryFolder folder;
  const auto read = read_alignments(folder.write("a", "0-0\r\n\r\n2-1 1-1"));
  REQUIRE(read.size() == 3);
  CHECK(read[1].empty());
  CHECK(read[2] == Alignment{{1, 1}, {2, 1}});
}

TEST_CASE("every bad link is named") {
  const TemporaryFolder folder;
  for (const std::string link :
       {"3-", "-1", "3", "a-b", "1-2x", "1--2", "1:2", "+1-2", "1-+2", "99999999999999999999-1"}) {
    const auto path = folder.write("gold.align", "0-0\n1-1 " + link + " 2-2\n");
    CHECK(error_of([&] { read_alignments(path); }, &folder) ==
          "gold.align:2: expected links like 0-1, found '" + link + "'");
  }
  CHECK(error_of([&] { read_alignments(folder.path() / "none"); }, &folder) ==
        "none: no such file");
}

TEST_CASE("alignment error rate") {
  const Alignment gold = {{0, 0}, {1, 2}, {2, 1}};
  CHECK(alignment_error_rate({gold}, {gold}) == doctest::Approx(0));
  CHECK(alignment_error_rate({{}}, {gold}) == doctest::Approx(1));
  CHECK(alignment_error_rate({{}}, {{}}) == 0);
  CHECK(alignment_error_rate({}, {}) == 0);
  // |A and S| = 2, |A| = 4, |S| = 3: 1 - 4/7. Order and duplicates do not matter.
  CHECK(alignment_error_rate({{{3, 3}, {2, 1}, {0, 0}, {0, 1}, {0, 0}}}, {gold}) ==
        doctest::Approx(3.0 / 7));
  // Links are summed over the corpus, not averaged over sentences: 1 - 2 * 4 / (4 + 4 + 2).
  CHECK(alignment_error_rate({gold, {{0, 0}}}, {gold, {{0, 0}, {1, 1}, {2, 2}}}) ==
        doctest::Approx(1 - 8.0 / 10));
  CHECK(error_of<std::invalid_argument>([&] { alignment_error_rate({}, {gold}); }) ==
        "alignment_error_rate: 0 predicted alignments, but 1 gold ones");
}

}  // namespace
}  // namespace babelgrad::text
