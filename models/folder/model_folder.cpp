#include "babelgrad/models/folder/model_folder.h"

#include <algorithm>
#include <array>
#include <vector>

#include "babelgrad/base/files.h"
#include "babelgrad/models/folder/snapshots.h"
#include "babelgrad/models/training/metrics.h"
#include "babelgrad/models/training/training_lock.h"
#include "babelgrad/text/files.h"

namespace babelgrad {

namespace fs = std::filesystem;

namespace {

// What a model folder may hold besides its snapshots.
constexpr std::array kFiles{kConfigFile,  kModelFile,     kStateFile,   "shared.vocab",
                            "shared.spm", "source.vocab", "source.spm", "target.vocab",
                            "target.spm", kMetricsFile};

template <class Work>
void replace(const fs::path& folder, Work&& work) {
  try {
    work();
  } catch (const fs::filesystem_error& error) {
    throw FileError(folder.string() + ": cannot be replaced (" + error.code().message() + ")");
  }
}

// Links the files below `from` to the same places below `to`; copies them where links cannot be.
void put_in_place(const fs::path& from, const fs::path& to) {
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(from)) {
    const fs::path target = to / entry.path().lexically_relative(from);
    std::error_code error;
    if (entry.is_directory())
      fs::create_directory(target);
    else
      fs::create_hard_link(entry.path(), target, error);
    if (error) replace_file(target, text::read_file(entry.path()));
  }
  for (const char* kept : kSnapshotFolders)
    if (fs::is_directory(to / kept)) sync_folder(to / kept);
}

// With `incoming` whole. May be broken off and begun again anywhere.
void finish(const fs::path& folder) {
  remove_model_files(folder);
  put_in_place(folder / kIncoming, folder);
  sync_folder(folder);
  fs::rename(folder / kIncoming, folder / kUnfinished);
  sync_folder(folder);
}

}  // namespace

fs::path current_folder(const fs::path& folder) {
  return has_model(folder / kIncoming) ? folder / kIncoming : folder;
}

bool has_model(const fs::path& folder) {
  std::error_code ignored;
  return fs::exists(folder / kConfigFile, ignored) && fs::exists(folder / kModelFile, ignored);
}

void require_files(const fs::path& folder) {
  std::error_code error;
  for (const char* name : kFiles)
    if (const fs::file_status status = fs::status(folder / name, error);
        fs::exists(status) && !fs::is_regular_file(status))
      throw FileError((folder / name).string() + ": not a file");
}

bool is_model_file(const fs::path& path) {
  std::error_code error;
  const fs::path file = fs::weakly_canonical(path, error);
  if (error) return false;
  const fs::path folder = file.parent_path();
  if (has_model(folder))
    return file.filename() == kLockFile ||
           std::find(kFiles.begin(), kFiles.end(), file.filename()) != kFiles.end();
  if (!is_snapshot_folder(folder)) return false;
  const std::vector<Snapshot> snapshots =
      list_snapshots(folder.parent_path(), folder.filename().string());
  return std::any_of(snapshots.begin(), snapshots.end(),
                     [&](const Snapshot& snapshot) { return snapshot.file == file; });
}

void remove_model_files(const fs::path& folder) {
  replace(folder, [&] {
    for (const char* old : kFiles) fs::remove(folder / old);
    for (const char* kept : kSnapshotFolders) thin_snapshots(folder, {}, kept);
  });
}

void tidy_folder(const fs::path& folder) {
  require_files(folder);
  replace(folder, [&] {
    if (fs::exists(folder / kIncoming)) {
      if (!has_model(folder / kIncoming))
        throw FileError((folder / kIncoming).string() +
                        ": lacks parts of a model; was the folder copied? remove it");
      fs::remove_all(folder / kUnfinished);
      finish(folder);
    }
    fs::remove_all(folder / kUnfinished);
  });
  remove_stale_temporaries(folder);
  for (const char* kept : kSnapshotFolders) remove_stale_temporaries(folder / kept);
}

Replacement::Replacement(fs::path folder)
    : folder_(std::move(folder)), place_(folder_ / kUnfinished) {
  tidy_folder(folder_);
  replace(folder_, [&] { fs::create_directory(place_); });
}

Replacement::~Replacement() {
  std::error_code ignored;
  fs::remove_all(place_, ignored);
}

bool Replacement::is_whole() const { return has_model(place_) && fs::exists(place_ / kStateFile); }

void Replacement::commit() {
  replace(folder_, [&] {
    fs::rename(place_, folder_ / kIncoming);
    sync_folder(folder_);
    finish(folder_);
  });
}

}  // namespace babelgrad
