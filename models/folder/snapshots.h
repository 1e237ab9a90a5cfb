// Snapshots: the parameters of a model at some moments of its training, so that one can look back
// at how it learned. They lie in the folder `snapshots` of the model's, one file a moment.
//
// At most K are kept of a training whose end nobody knows, closer together where more is learned:
// after updates d, 8 d, 27 d, 64 d ... When a (K+1)th is due, d is multiplied by 8 and every other
// one goes. Which ones there are depends on the number of updates and K alone, so a resumed
// training has the same ones as one in a single go. (A run that was killed just after a thinning
// and goes on from before it lacks those that went, until the next thinning.)
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "babelgrad/nn/safetensors.h"

namespace babelgrad {

inline constexpr const char* kSnapshotFolder = "snapshots";

struct Snapshot {
  std::size_t update = 0;
  std::filesystem::path file;  // a safetensors file with the parameters under their names
};

// Those in a model folder, oldest first; none if it has no such folder.
std::vector<Snapshot> list_snapshots(const std::filesystem::path& model_folder);

// The updates, ascending, after which the kept snapshots of a training of so many updates were
// taken.
std::vector<std::size_t> snapshot_updates(std::size_t updates, std::size_t limit);

// Writes the store's parameters as the snapshot after this update.
void write_snapshot(const std::filesystem::path& model_folder, std::size_t update,
                    const ParameterStore<float>& store);

// Sets the store's parameters. Throws CheckpointError, with nothing changed, if they are of another
// model or the file is damaged.
void load_snapshot(const Snapshot& snapshot, ParameterStore<float>& store);

// Removes all but those that snapshot_updates names; with limit 0 all of them, and the folder.
void thin_snapshots(const std::filesystem::path& model_folder, std::size_t updates,
                    std::size_t limit);

}  // namespace babelgrad
