// The parts of the program that need no model: the attention grid and the reader of standard input.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "babelgrad/apps/attention_grid.h"
#include "babelgrad/apps/line_reader.h"
#include "babelgrad/text/error.h"

namespace babelgrad::apps {
namespace {

// A pipe whose reading end a LineReader has.
struct Pipe {
  Pipe() { REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0); }
  ~Pipe() {
    ::close(ends[0]);
    close();
  }
  void write(const std::string& text) {
    REQUIRE(::write(ends[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  }
  void close() {
    if (ends[1] >= 0) ::close(ends[1]);
    ends[1] = -1;
  }
  std::array<int, 2> ends{-1, -1};
};

TEST_CASE("attention grid") {
  CHECK(attention_grid({"je", "étudiant", "</s>"}, {"a", "student"},
                       {{0.04f, 0.71f, 0.25f}, {0.05f, 0.4f, 0.2f}}) ==
        "          je étudiant </s>\n"
        "  a       ·· ████████ ▒▒▒▒\n"
        "  student ░░ ▓▓▓▓▓▓▓▓ ▒▒▒▒\n");
  CHECK(attention_grid({"漢字"}, {"字"}, {{0.5f}}) == "     漢字\n  字 ▓▓▓▓\n");
  CHECK(attention_grid({"x"}, {"y"}, {}) == "    x \n");  // a model without attention
}

TEST_CASE("attention grid: a wide one is cut into parts that fit") {
  const std::vector<std::string> source{"je", "étudiant", "</s>"}, target{"a", "student"};
  const std::vector<std::vector<float>> weights{{0.04f, 0.71f, 0.25f}, {0.05f, 0.4f, 0.2f}};
  const std::string whole = attention_grid(source, target, weights);
  const std::string parts =
      "          je étudiant\n"
      "  a       ·· ████████\n"
      "  student ░░ ▓▓▓▓▓▓▓▓\n"
      "\n"
      "          </s>\n"
      "  a       ▒▒▒▒\n"
      "  student ▒▒▒▒\n";
  CHECK(attention_grid(source, target, weights, 26) == whole);
  CHECK(attention_grid(source, target, weights, 25) == parts);
  CHECK(attention_grid(source, target, weights, 21) == parts);
  const std::string narrow = attention_grid(source, target, weights, 1);
  CHECK(std::count(narrow.begin(), narrow.end(), '\n') == 11);  // a source token a part
}

TEST_CASE("line reader: what is there, up to the limit") {
  using Lines = std::vector<std::string>;
  Pipe pipe;
  LineReader reader(pipe.ends[0]);
  pipe.write("a\nb\nc\nd");
  CHECK(reader.next(2) == Lines{"a", "b"});
  CHECK(reader.next(9) == Lines{"c"});
  pipe.write("e\r\n\n");
  CHECK(reader.next(9) == Lines{"de", ""});
  pipe.write("end");
  pipe.close();
  CHECK(reader.next(9) == Lines{"end"});
  CHECK(reader.next(9).empty());
}

TEST_CASE("line reader: errors name the line") {
  Pipe pipe;
  LineReader reader(pipe.ends[0]);
  pipe.write("a\nb\n");
  CHECK(reader.next(9).size() == 2);
  pipe.write("c\xff\n");
  CHECK_THROWS_WITH_AS(reader.next(9), "standard input:3: invalid UTF-8 at byte 2",
                       text::InputError);
}

}  // namespace
}  // namespace babelgrad::apps
