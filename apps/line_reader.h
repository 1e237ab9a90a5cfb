// Lines from standard input as they come: a program that pipes line by line gets its answers line
// by line, a file gets large batches.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace babelgrad::apps {

class LineReader {
 public:
  explicit LineReader(int descriptor) : descriptor_(descriptor) {}

  // Waits for one line, then takes what else is there without waiting, up to `limit` lines. Empty
  // at the end of the input. Throws text::InputError "standard input:3: invalid UTF-8 at byte 7".
  std::vector<std::string> next(std::size_t limit);

 private:
  bool fill();  // reads more bytes; false at the end
  bool ready() const;

  int descriptor_;
  std::string buffer_;
  std::size_t start_ = 0;  // of the first line not yet given out
  std::size_t line_number_ = 0;
  bool ended_ = false;
};

}  // namespace babelgrad::apps
