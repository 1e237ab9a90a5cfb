// TrainingLock: while it lives, nobody else trains in the folder.
#pragma once

#include <filesystem>

namespace babelgrad {

inline constexpr const char* kLockFile = "training.lock";

// An advisory lock on the file training.lock in the folder (which must exist), which says who holds
// it. It ends with the process, however that ends: a file that was left behind locks nobody out. A
// file system without locks gives none.
class TrainingLock {
 public:
  // Throws FileError: "model: is being trained by process 4711 on kepler since 2026-01-31 12:00:00
  // UTC", "model/training.lock: cannot be written (Permission denied)".
  explicit TrainingLock(const std::filesystem::path& folder);
  ~TrainingLock();  // removes the file
  TrainingLock(const TrainingLock&) = delete;
  TrainingLock& operator=(const TrainingLock&) = delete;

 private:
  bool try_lock();  // false: the file was removed in the meantime
  [[noreturn]] void fail_held() const;
  void fail_unless(bool succeeded) const;

  std::filesystem::path folder_, path_;
  int descriptor_ = -1;
};

}  // namespace babelgrad
