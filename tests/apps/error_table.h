// Rows of bad input: the command, and the one sentence that it must answer with.
#pragma once

#include <doctest/doctest.h>

#include "tests/apps/world.h"

namespace babelgrad::test {

struct BadInput {
  Arguments arguments;
  std::string message;  // on standard error, after "babelgrad: "
  std::string input = {};
};

// Exit code 2, nothing on standard output, exactly the message, and no file touched.
inline void check_refused(const World& world, const BadInput& row) {
  CAPTURE(join(row.arguments));
  const auto before = world.snapshot();
  const Finished finished = world.run(row.arguments, row.input);
  CHECK(finished.err == "babelgrad: " + row.message + "\n");
  CHECK(finished.exit_code == 2);
  CHECK(finished.out == "");
  CHECK(world.snapshot() == before);
}

inline void check_refused(const World& world, const std::vector<BadInput>& rows) {
  for (const BadInput& row : rows) check_refused(world, row);
}

}  // namespace babelgrad::test
