#include "babelgrad/text/files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <system_error>

#include "babelgrad/text/error.h"

namespace babelgrad::text {

namespace fs = std::filesystem;

namespace {

// The existing file that a chain of links leads to; the path itself if it leads to none.
fs::path behind_links(const fs::path& path) {
  std::error_code error;
  const fs::path file = fs::canonical(path, error);
  return error ? path : file;
}

// A device, a pipe, a folder, or a link to what is not there: a renamed file would replace it.
bool is_no_plain_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_symlink(path, ignored) || is_other(fs::status(path, ignored)) ||
         fs::is_directory(path, ignored);
}

}  // namespace

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

void write_file(const fs::path& path, std::string_view bytes) {
  const fs::path place = behind_links(path);
  const bool in_place = is_no_plain_file(place);
  const fs::path written = in_place ? place : fs::path(place.string() + ".tmp");
  const auto fail = [&](int error) {
    if (!in_place) ::unlink(written.c_str());
    throw InputError(path.string() + ": cannot be written (" + std::strerror(error) + ")");
  };
  const int file = ::open(written.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (file < 0) fail(errno);
  for (size_t done = 0; done < bytes.size();) {
    const ssize_t wrote = ::write(file, bytes.data() + done, bytes.size() - done);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) {
      const int error = errno;
      ::close(file);
      fail(error);
    }
    done += static_cast<size_t>(wrote);
  }
  const int synced = ::fsync(file) == 0 ? 0 : errno;
  if (::close(file) != 0) fail(errno);
  if (synced != 0 && synced != EINVAL) fail(synced);
  if (!in_place && ::rename(written.c_str(), place.c_str()) != 0) fail(errno);
}

uint64_t checksum(std::string_view bytes, uint64_t hash) {
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return hash;
}

}  // namespace babelgrad::text
