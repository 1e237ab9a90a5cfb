// Snapshots: the parameters of a model at some moments of its training, one file a moment, in a
// folder in the model's: `snapshots`, so that one can look back at how it learned, and `best`,
// those that were validated best, so that one can average them (average.h).
//
// Of `snapshots`:
// At most K are kept of a training whose end nobody knows, closer together where more is learned:
// after updates d, 8 d, 27 d, 64 d ... When a (K+1)th is due, d is multiplied by 8 and every other
// one goes. Which ones there are depends on the number of updates and K alone, so a resumed
// training has the same ones as one in a single go. (A run that was killed just after a thinning
// and goes on from before it lacks those that went, until the next thinning.)
#pragma once

#include <array>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "babelgrad/nn/safetensors.h"

namespace babelgrad {

inline constexpr const char* kSnapshotFolder = "snapshots";
inline constexpr const char* kBestFolder = "best";
inline constexpr std::array kSnapshotFolders{kSnapshotFolder, kBestFolder};

// Whether a folder has the name of one of them.
bool is_snapshot_folder(const std::filesystem::path& folder);

struct Snapshot {
  std::size_t update = 0;
  std::filesystem::path file;  // a safetensors file with the parameters under their names
};

// Those in one of the folders of a model folder, oldest first; none if it has no such folder.
std::vector<Snapshot> list_snapshots(const std::filesystem::path& model_folder,
                                     const std::string& folder = kSnapshotFolder);

// The updates after which the kept snapshots of a training of so many updates were taken.
std::set<std::size_t> snapshot_updates(std::size_t updates, std::size_t limit);

// Writes the store's parameters as the snapshot after this update.
void write_snapshot(const std::filesystem::path& model_folder, std::size_t update,
                    const ParameterStore<float>& store,
                    const std::string& folder = kSnapshotFolder);

// load_parameters for what a training has written, which are numbers; a CheckpointError names one
// that is none.
void load_finite_parameters(const Safetensors& file, ParameterStore<float>& store);

// Sets the store's parameters. Throws CheckpointError if they are of another model or no numbers,
// or the file is damaged.
void load_snapshot(const Snapshot& snapshot, ParameterStore<float>& store);

// Removes all but those after these updates, and the folder, if nothing is left in it.
void thin_snapshots(const std::filesystem::path& model_folder, const std::set<std::size_t>& updates,
                    const std::string& folder = kSnapshotFolder);

}  // namespace babelgrad
