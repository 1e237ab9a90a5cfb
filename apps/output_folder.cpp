#include "babelgrad/apps/output_folder.h"

#include <algorithm>
#include <filesystem>

#include "babelgrad/apps/commands.h"
#include "babelgrad/base/files.h"
#include "babelgrad/models/folder/model_folder.h"

namespace babelgrad::apps {

namespace fs = std::filesystem;

std::unique_ptr<const TrainingLock> lock_folder(const std::string& folder) {
  std::error_code error;
  if (!fs::is_directory(folder, error)) return nullptr;
  auto lock = std::make_unique<const TrainingLock>(folder);
  tidy_folder(folder);
  return lock;
}

OutputFolder::OutputFolder(std::string path, bool overwrite, std::string otherwise)
    : path_(std::move(path)), otherwise_(std::move(otherwise)), overwrite_(overwrite) {
  require_free();
  lock_ = lock_folder(path_);
  if (lock_) require_free();  // another training may have ended just now
}

void OutputFolder::make() {
  if (lock_) return;
  std::error_code error;
  fs::create_directories(path_, error);
  if (error) throw UsageError(path_ + ": cannot be created (" + error.message() + ")");
  lock_ = lock_folder(path_);
  require_free();
}

void OutputFolder::require_free() const {
  std::error_code error;
  const fs::file_status status = fs::status(path_, error);
  if (status.type() == fs::file_type::not_found) return;
  if (error) throw UsageError(path_ + ": cannot be read (" + error.message() + ")");
  if (!fs::is_directory(status)) throw UsageError(path_ + ": is a file, not a folder");
  const fs::directory_iterator files(path_, error);
  if (error) throw UsageError(path_ + ": cannot be read (" + error.message() + ")");
  const bool empty = std::all_of(begin(files), end(files), [](const fs::directory_entry& entry) {
    return entry.path().filename() == kLockFile || is_stale_temporary(entry.path());
  });
  if (!empty && !overwrite_)
    throw UsageError(path_ + ": exists; give --overwrite to replace the model in it" + otherwise_);
}

}  // namespace babelgrad::apps
