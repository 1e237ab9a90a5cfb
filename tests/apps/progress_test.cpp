// The progress line of `train`, as text and in a terminal.
#include <doctest/doctest.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

#include "babelgrad/apps/progress.h"
#include "babelgrad/text/unicode.h"
#include "tests/apps/world.h"

namespace babelgrad::apps {
namespace {

TrainingProgress some_progress() {
  TrainingProgress p;
  p.update = 1234;
  p.epoch = 2;
  p.loss = 2.3146;
  p.tokens_per_second = 5310;
  p.seconds = 52;
  p.seconds_left = 33;
  return p;
}

CurveHistory falling() {
  CurveHistory losses;
  for (const double loss : {8., 7., 6., 5., 4., 3., 2., 1.}) losses.add(loss);
  return losses;
}

TEST_CASE("progress line: all of it, and in ASCII") {
  CHECK(progress_line(some_progress(), falling(), 200, true) ==
        "██████░░░░  61%  update 1,234  epoch 3  loss 2.315  █▇▆▅▄▃▂▁  5,310 tokens/s  "
        "0:52, 0:33 left");
  CHECK(progress_line(some_progress(), falling(), 200, false) ==
        "[######----]  61%  update 1,234  epoch 3  loss 2.315  5,310 tokens/s  "
        "0:52, 0:33 left");
  TrainingProgress endless = some_progress();
  endless.seconds_left.reset();
  CHECK(progress_line(endless, CurveHistory(), 200, true) ==
        "update 1,234  epoch 3  loss 2.315  5,310 tokens/s  0:52");
}

TEST_CASE("progress line: fits every width, the least important left out first") {
  for (std::size_t columns = 0; columns < 120; ++columns) {
    CAPTURE(columns);
    CHECK(text::display_width(progress_line(some_progress(), falling(), columns, true)) <= columns);
  }
  CHECK(progress_line(some_progress(), falling(), 79, true) ==
        "██████░░░░  61%  update 1,234  loss 2.315  █▇▆▅▄▃▂▁  0:52, 0:33 left");
  CHECK(progress_line(some_progress(), falling(), 41, true) ==
        "update 1,234  loss 2.315  0:52, 0:33 left");
  CHECK(progress_line(some_progress(), falling(), 24, true) == "update 1,234  loss 2.315");
  CHECK(progress_line(some_progress(), falling(), 5, true) == "");
}

TEST_CASE("sparkline") {
  CHECK(sparkline({}, 8) == "");
  CHECK(sparkline({3}, 8) == "▁");
  CHECK(sparkline({1, 2, 3, 4, 5, 6, 7, 8}, 8) == "▁▂▃▄▅▆▇█");
  CHECK(sparkline({1, 3, 9, 9}, 2) == "▁█");
  CHECK(sparkline({5, 5, 5}, 3) == "▁▁▁");
}

TEST_CASE("a curve's history stays small and keeps its course") {
  CurveHistory history;
  for (int i = 0; i < 100000; ++i) history.add(i);
  const std::vector<double>& points = history.points();
  CHECK(points.size() >= 100);
  CHECK(points.size() < 256);
  CHECK(points.front() < 1000);
  CHECK(points.back() > 98000);
  for (std::size_t i = 2; i < points.size(); ++i)
    CHECK(points[i] - points[i - 1] == points[1] - points[0]);
}

TEST_CASE("numbers of the progress line") {
  CHECK(duration_text(0) == "0:00");
  CHECK(duration_text(-1) == "0:00");
  CHECK(duration_text(65.4) == "1:05");
  CHECK(duration_text(7380) == "2:03:00");
  CHECK(thousands(0) == "0");
  CHECK(thousands(999.6) == "1,000");
  CHECK(thousands(1234567) == "1,234,567");
}

using test::operator+;

// Runs the program with all its streams on a terminal of so many columns; returns what it wrote.
std::string run_in_terminal(const test::World& world, const test::Arguments& arguments,
                            unsigned short columns) {
  const winsize size{24, columns, 0, 0};
  int terminal = -1;
  const pid_t child = ::forkpty(&terminal, nullptr, nullptr, &size);
  REQUIRE(child >= 0);
  if (child == 0) {
    ::setenv("TERM", "xterm", 1);
    ::setenv("LC_ALL", "C.UTF-8", 1);
    if (::chdir(world.path().c_str()) != 0) ::_exit(126);
    std::vector<char*> argv{const_cast<char*>("babelgrad")};
    for (const std::string& argument : arguments)
      argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    ::execv(test::program().c_str(), argv.data());
    ::_exit(127);
  }
  std::string written;
  std::array<char, 4096> bytes;
  for (ssize_t got; (got = ::read(terminal, bytes.data(), bytes.size())) > 0;)
    written.append(bytes.data(), static_cast<std::size_t>(got));
  ::close(terminal);
  int status = 0;
  ::waitpid(child, &status, 0);
  CHECK(WEXITSTATUS(status) == 0);
  return written;
}

TEST_CASE("in a terminal the line is rewritten, within its width, and gone at the end") {
  const test::World world;
  const std::string written =
      run_in_terminal(world,
                      test::train_to("model") + test::Arguments{"--max-updates", "0", "--patience",
                                                                "0", "--max-minutes", "0.05"},
                      80);
  CAPTURE(written);
  std::size_t rewrites = 0;
  std::string last;
  for (std::size_t at = 0; (at = written.find('\r', at)) != std::string::npos; ++at) {
    const std::size_t end = written.find("\x1b[K", at);
    if (end == std::string::npos || written[at + 1] == '\n') continue;
    last = written.substr(at + 1, end - at - 1);
    CHECK(text::display_width(last) < 80);
    rewrites += last.find("update ") != std::string::npos;
  }
  CHECK(rewrites >= 3);
  CHECK(last == "");
  CHECK(written.find("░") != std::string::npos);
  CHECK(written.find("▁") != std::string::npos);
  CHECK(written.ends_with("max_minutes reached\r\nmodel\r\n"));
}

}  // namespace
}  // namespace babelgrad::apps
