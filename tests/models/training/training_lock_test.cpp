// One training at a time in a folder.
#include "babelgrad/models/training/training_lock.h"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <optional>

#include "babelgrad/base/files.h"
#include "tests/text/helpers.h"

namespace babelgrad {
namespace {

namespace fs = std::filesystem;

std::string lock_error(const TemporaryFolder& folder) {
  return error_of<FileError>([&] { TrainingLock lock(folder.path()); }, &folder);
}

TEST_CASE("training lock: the second is told who holds it, until the first ends") {
  const TemporaryFolder folder;
  const std::string held = folder.path().string() + ": is being trained by process " +
                           std::to_string(::getpid()) + " on ";
  std::optional<TrainingLock> first(std::in_place, folder.path());
  for (int i = 0; i < 2; ++i) {
    const std::string message = lock_error(folder);
    CHECK(message.starts_with(held));
    CHECK(message.ends_with(" UTC"));
    CHECK(message.find(" since 20") != std::string::npos);
  }
  first.reset();
  CHECK(fs::is_empty(folder.path()));
  CHECK(lock_error(folder) == "(no error)");
}

TEST_CASE("training lock: what a killed process left locks nobody out") {
  const TemporaryFolder folder;
  const pid_t child = ::fork();
  if (child == 0) {
    const TrainingLock lock(folder.path());
    ::raise(SIGKILL);
  }
  ::waitpid(child, nullptr, 0);
  CHECK(folder.read(kLockFile).starts_with("process " + std::to_string(child)));
  {
    const TrainingLock lock(folder.path());
    CHECK(folder.read(kLockFile).starts_with("process " + std::to_string(::getpid())));
    CHECK(lock_error(folder) != "(no error)");
  }
  CHECK(fs::is_empty(folder.path()));
}

TEST_CASE("training lock: a folder that cannot be locked") {
  const TemporaryFolder folder;
  fs::create_symlink("elsewhere", folder.path() / kLockFile);
  CHECK(lock_error(folder) ==
        "training.lock: cannot be written (Too many levels of symbolic links)");
  CHECK_FALSE(fs::exists(folder.path() / "elsewhere"));
}

// Two at a time, again and again: each holds it alone.
TEST_CASE("training lock: many come and go") {
  const TemporaryFolder folder;
  constexpr int kProcesses = 4, kTurns = 200;
  for (int process = 0; process < kProcesses; ++process)
    if (::fork() == 0) {
      for (int turn = 0; turn < kTurns;) {
        try {
          const TrainingLock lock(folder.path());
          ++turn;
          const fs::path busy = folder.path() / "busy";
          if (!fs::create_directory(busy) || !fs::remove(busy)) ::_exit(1);
        } catch (const FileError&) {
        } catch (...) {
          ::_exit(1);
        }
      }
      ::_exit(0);
    }
  int status = 0, failed = 0;
  while (::wait(&status) > 0) failed += status != 0;
  CHECK(failed == 0);
  CHECK(fs::is_empty(folder.path()));
}

}  // namespace
}  // namespace babelgrad
