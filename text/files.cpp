#include "babelgrad/text/files.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <system_error>

#include "babelgrad/text/error.h"

namespace babelgrad::text {

namespace fs = std::filesystem;

std::string read_file(const fs::path& path) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored))
    throw InputError(path.string() + ": is a directory, not a file");
  std::FILE* file = std::fopen(path.c_str(), "rb");
  if (!file) {
    if (errno == ENOENT || errno == ENOTDIR) throw InputError(path.string() + ": no such file");
    throw InputError(path.string() + ": cannot be read (" + std::strerror(errno) + ")");
  }
  std::string bytes;
  char chunk[1 << 16];
  for (size_t got; (got = std::fread(chunk, 1, sizeof chunk, file)) > 0;) bytes.append(chunk, got);
  const bool failed = std::ferror(file);
  std::fclose(file);
  if (failed) throw InputError(path.string() + ": cannot be read");
  return bytes;
}

}  // namespace babelgrad::text
