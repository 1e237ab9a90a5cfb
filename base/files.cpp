#include "babelgrad/base/files.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <charconv>
#include <optional>
#include <system_error>
#include <utility>

namespace babelgrad {

namespace fs = std::filesystem;

namespace {

[[noreturn]] void fail() { throw std::system_error(errno, std::generic_category()); }

[[noreturn]] void fail_writing(const fs::path& path, const std::system_error& error) {
  throw FileError(path.string() + ": cannot be written (" + error.code().message() + ")");
}

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

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {
    if (number_ < 0) fail();
  }
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int number() const { return number_; }
  void write(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t wrote = ::write(number_, bytes.data(), bytes.size());
      if (wrote < 0 && errno == EINTR) continue;
      if (wrote == 0) errno = ENOSPC;
      if (wrote <= 0) fail();
      bytes.remove_prefix(static_cast<std::size_t>(wrote));
    }
  }
  void sync() const {
    if (::fsync(number_) != 0 && errno != EINVAL) fail();  // EINVAL: there is nothing to sync
  }
  void close() {
    if (::close(std::exchange(number_, -1)) != 0) fail();
  }

 private:
  int number_;
};

constexpr std::string_view kSuffix = ".tmp";

// "model.safetensors.4711-0.tmp", of this process; the name is cut where it would become too long.
std::string temporary_name(const fs::path& file, unsigned number) {
  return file.filename().string().substr(0, 200) + "." + std::to_string(::getpid()) + "-" +
         std::to_string(number) + std::string(kSuffix);
}

// The process that such a name names.
std::optional<pid_t> writer_of(std::string_view name) {
  if (!name.ends_with(kSuffix)) return std::nullopt;
  name.remove_suffix(kSuffix.size());
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos) return std::nullopt;
  name.remove_prefix(dot + 1);
  pid_t process = 0;
  unsigned number = 0;
  const char* end = name.data() + name.size();
  const auto first = std::from_chars(name.data(), end, process);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != '-') return std::nullopt;
  const auto second = std::from_chars(first.ptr + 1, end, number);
  if (second.ec != std::errc() || second.ptr != end || process <= 0) return std::nullopt;
  return process;
}

// A new file beside another one; it is removed again unless it was renamed to it.
class Temporary {
 public:
  explicit Temporary(const fs::path& file) : file_(file), descriptor_(create()) {}
  ~Temporary() {
    if (!path_.empty()) ::unlink(path_.c_str());
  }

  void finish(std::string_view bytes) {
    descriptor_.write(bytes);
    descriptor_.sync();
    descriptor_.close();
    if (::rename(path_.c_str(), file_.c_str()) != 0) fail();
    path_.clear();
  }

 private:
  int create() {
    static std::atomic<unsigned> next{0};
    for (;;) {
      const fs::path path = file_.parent_path() / temporary_name(file_, next++);
      const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
      if (descriptor >= 0) path_ = path;
      if (descriptor >= 0 || errno != EEXIST) return descriptor;
    }
  }

  const fs::path file_;
  fs::path path_;
  Descriptor descriptor_;
};

}  // namespace

void replace_file(const fs::path& path, std::string_view bytes) {
  try {
    Temporary(path).finish(bytes);
    sync_folder(path.parent_path());
  } catch (const std::system_error& error) {
    fail_writing(path, error);
  }
}

void write_file(const fs::path& path, std::string_view bytes) {
  const fs::path place = behind_links(path);
  if (!is_no_plain_file(place)) return replace_file(place, bytes);
  try {
    Descriptor file(::open(place.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
    file.write(bytes);
    file.sync();
    file.close();
  } catch (const std::system_error& error) {
    fail_writing(path, error);
  }
}

void sync_folder(const fs::path& folder) {
  const int directory =
      ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return;
  ::fsync(directory);
  ::close(directory);
}

bool is_stale_temporary(const fs::path& path) {
  const std::optional<pid_t> writer = writer_of(path.filename().string());
  return writer && ::kill(*writer, 0) != 0 && errno == ESRCH;
}

void remove_stale_temporaries(const fs::path& folder) {
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, ignored))
    if (is_stale_temporary(entry.path())) fs::remove(entry.path(), ignored);
}

}  // namespace babelgrad
