#include "babelgrad/text/corpus.h"

#include <doctest/doctest.h>

#include <set>

#include "babelgrad/text/files.h"
#include "tests/text/helpers.h"

namespace babelgrad::text {
namespace {

using Lines = std::vector<std::string>;

TEST_CASE("read_lines takes LF, CRLF, a byte order mark and a last line without an end") {
  const TemporaryFolder folder;
  const auto lines = [&](std::string_view bytes) { return read_lines(folder.write("a", bytes)); };
  CHECK(lines("un\ndeux\n") == Lines{"un", "deux"});
  CHECK(lines("un\ndeux") == Lines{"un", "deux"});
  CHECK(lines("un\r\ndeux\r\n") == Lines{"un", "deux"});
  CHECK(lines("un\r\ndeux\r") == Lines{"un", "deux"});
  CHECK(lines("\xef\xbb\xbfun\n") == Lines{"un"});
  CHECK(lines("un\n\ndeux\n\n") == Lines{"un", "", "deux", ""});
  CHECK(lines("\n") == Lines{""});
  CHECK(lines("a\rb\n") == Lines{"a\rb"});
  CHECK(lines("été \xf0\x9f\x98\x80\n") == Lines{"été \xf0\x9f\x98\x80"});
}

TEST_CASE("read_lines takes a line of a million tokens") {
  const TemporaryFolder folder;
  std::string line;
  for (int i = 0; i < 1'000'000; ++i) line += "mot ";
  CHECK(read_lines(folder.write("a", "court\n" + line + "\n"))[1] == line);
}

TEST_CASE("every bad corpus file has its sentence") {
  const TemporaryFolder folder;
  const auto error = [&](const auto& call) { return error_of(call, &folder); };
  const auto lines = [&](std::string_view bytes) {
    return error([&] { read_lines(folder.write("a.fr", bytes)); });
  };
  CHECK(lines("") == "a.fr: is empty");
  CHECK(lines("\xef\xbb\xbf") == "a.fr: is empty");
  CHECK(lines("ok\ncaf\xe9 noir\n") == "a.fr:2: invalid UTF-8 at byte 4");
  CHECK(lines(std::string_view("ok\nok\na\0b\n", 10)) == "a.fr:3: NUL byte at byte 2");
  CHECK(error([&] { read_lines(folder.path() / "none.fr"); }) == "none.fr: no such file");
  CHECK(error([&] { read_lines(folder.path() / "a.fr" / "b"); }) == "a.fr/b: no such file");
  std::filesystem::create_directory(folder.path() / "d");
  CHECK(error([&] { read_lines(folder.path() / "d"); }) == "d: is a directory, not a file");

  const auto three = folder.write("three.fr", "1\n2\n3\n"), two = folder.write("two.en", "1\n2");
  CHECK(error([&] { read_parallel(three, two); }) ==
        "three.fr has 3 lines, but two.en has 2; they must match line by line");
  CHECK(error([&] { read_tsv(folder.write("a.tsv", "a\tb\nc d\n")); }) ==
        "a.tsv:2: no tab between source and target");
}

TEST_CASE("read_file names an unreadable file") {
  if (::geteuid() == 0) return;  // root reads everything
  const TemporaryFolder folder;
  const auto path = folder.write("a", "x");
  std::filesystem::permissions(path, std::filesystem::perms::none);
  CHECK(error_of([&] { read_file(path); }, &folder) == "a: cannot be read (Permission denied)");
}

TEST_CASE("read_parallel and read_tsv pair source with target") {
  const TemporaryFolder folder;
  const Corpus two_files =
      read_parallel(folder.write("a.fr", "un\r\n\r\ntrois"), folder.write("a.en", "1\n2\n3\n"));
  CHECK(two_files.source == Lines{"un", "", "trois"});
  CHECK(two_files.target == Lines{"1", "2", "3"});
  const Corpus tsv = read_tsv(folder.write(
      "a.tsv", "un\tone\tCC-BY 2.0\textra\ndeux mots\ttwo words\n\tno source\ncoupé\t"));
  CHECK(tsv.source == Lines{"un", "deux mots", "", "coupé"});
  CHECK(tsv.target == Lines{"one", "two words", "no source", ""});
}

TEST_CASE("split_off keeps pairs with one source together and is the same for the same seed") {
  Corpus all;
  for (int i = 0; i < 300; ++i) {
    all.source.push_back(std::to_string(i / 3));  // each source three times
    all.target.push_back(std::to_string(i));
    all.alignments.push_back({{0, static_cast<size_t>(i)}});
  }
  Corpus rest = all;
  const Corpus held_out = split_off(rest, 50, 7);
  CHECK(held_out.size() == 48);
  CHECK(rest.size() == 252);
  const std::set<std::string> trained(rest.source.begin(), rest.source.end());
  for (const auto& source : held_out.source) CHECK(trained.count(source) == 0);
  for (const Corpus& part : {held_out, rest})
    for (size_t i = 0; i < part.size(); ++i)
      CHECK(std::to_string(part.alignments[i][0].second) == part.target[i]);

  Corpus again = all, other = all;
  CHECK(split_off(again, 50, 7).target == held_out.target);
  CHECK(again.target == rest.target);
  CHECK(split_off(other, 50, 8).target != held_out.target);
  CHECK(error_of([&] { split_off(all, 300, 7); }) ==
        "cannot hold out 300 of 300 pairs for validation");
  CHECK(split_off(all, 0, 7).size() == 0);
  CHECK(all.size() == 300);
}

}  // namespace
}  // namespace babelgrad::text
