// The one exception that means "the user's input is wrong", as opposed to a bug or a failing disk.
#pragma once

#include <stdexcept>

namespace babelgrad::text {

// Bad user input. what() is one clear sentence that names the file, and where known the line and
// the byte or key. The programs in apps/ print it and leave with exit code 2.
class InputError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace babelgrad::text
