#include "babelgrad/models/training/training_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <string>

#include "babelgrad/base/files.h"

namespace babelgrad {
namespace {

// "process 4711 on kepler since 2026-01-31 12:00:00 UTC"
std::string this_process() {
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  std::array<char, 64> since{};
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  std::strftime(since.data(), since.size(), "%Y-%m-%d %H:%M:%S UTC", &utc);
  return "process " + std::to_string(::getpid()) + " on " + host.data() + " since " + since.data();
}

}  // namespace

TrainingLock::TrainingLock(const std::filesystem::path& folder)
    : folder_(folder), path_(folder / kLockFile) {
  while (!try_lock()) {
  }
  const std::string line = this_process() + "\n";  // without it, the lock is one all the same
  if (::ftruncate(descriptor_, 0) == 0) [[maybe_unused]]
    const ssize_t wrote = ::pwrite(descriptor_, line.data(), line.size(), 0);
}

// Closing ends the lock; the file goes first, so that nobody holds a lock on a file without a name.
TrainingLock::~TrainingLock() {
  ::unlink(path_.c_str());
  ::close(descriptor_);
}

bool TrainingLock::try_lock() {
  descriptor_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
  fail_unless(descriptor_ >= 0);
  int result = 0;
  while ((result = ::flock(descriptor_, LOCK_EX | LOCK_NB)) != 0 && errno == EINTR) {
  }
  if (result != 0 && errno == EWOULDBLOCK) fail_held();
  struct stat opened {
  }, named{};
  fail_unless(::fstat(descriptor_, &opened) == 0);
  if (::stat(path_.c_str(), &named) == 0 && named.st_ino == opened.st_ino &&
      named.st_dev == opened.st_dev)
    return true;
  ::close(descriptor_);
  return false;
}

void TrainingLock::fail_held() const {
  std::array<char, 512> text{};
  const ssize_t size = ::pread(descriptor_, text.data(), text.size() - 1, 0);
  ::close(descriptor_);
  std::string holder(text.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  holder.erase(std::min(holder.find('\n'), holder.size()));
  throw FileError(folder_.string() + ": is being trained by " +
                  (holder.empty() ? "another process" : holder));
}

void TrainingLock::fail_unless(bool succeeded) const {
  if (succeeded) return;
  const int error = errno;
  if (descriptor_ >= 0) ::close(descriptor_);
  throw FileError(path_.string() + ": cannot be written (" + std::strerror(error) + ")");
}

}  // namespace babelgrad
