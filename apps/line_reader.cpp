#include "babelgrad/apps/line_reader.h"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "babelgrad/text/error.h"
#include "babelgrad/text/unicode.h"

namespace babelgrad::apps {

bool LineReader::ready() const {
  pollfd descriptor{descriptor_, POLLIN, 0};
  return ::poll(&descriptor, 1, 0) > 0;
}

bool LineReader::fill() {
  std::array<char, 1 << 16> chunk;
  ssize_t count = 0;
  do {
    count = ::read(descriptor_, chunk.data(), chunk.size());
  } while (count < 0 && errno == EINTR);
  if (count < 0)
    throw text::InputError(std::string("standard input: cannot be read (") + std::strerror(errno) +
                           ")");
  buffer_.append(chunk.data(), static_cast<std::size_t>(count));
  ended_ = count == 0;
  return !ended_;
}

std::vector<std::string> LineReader::next(std::size_t limit) {
  std::vector<std::string> lines;
  std::size_t searched = start_;
  while (lines.size() < limit) {
    std::size_t end = buffer_.find('\n', searched);
    if (end == std::string::npos) {
      searched = buffer_.size();
      if (!lines.empty() && !ended_ && !ready()) break;
      if (!ended_ && fill()) continue;
      if (start_ == buffer_.size()) break;
      end = buffer_.size();  // the last line lacks its line end
    }
    std::string line = buffer_.substr(start_, end - start_);
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line_number_ == 0 && line.starts_with(text::kByteOrderMark))
      line.erase(0, text::kByteOrderMark.size());
    try {
      text::require_valid_utf8(line, "standard input", line_number_ + 1);
    } catch (const text::InputError&) {
      if (lines.empty()) throw;
      break;  // first the good lines before it
    }
    ++line_number_;
    lines.push_back(std::move(line));
    start_ = searched = std::min(end + 1, buffer_.size());
  }
  buffer_.erase(0, start_);
  start_ = 0;
  return lines;
}

}  // namespace babelgrad::apps
