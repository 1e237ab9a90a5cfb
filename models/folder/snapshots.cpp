#include "babelgrad/models/folder/snapshots.h"

#include <algorithm>
#include <charconv>
#include <cstdio>

#include "babelgrad/autograd/inspection/finite.h"
#include "babelgrad/autograd/operators.h"

namespace babelgrad {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kFirstSpacing = 10;  // updates before the first snapshot, to begin with
constexpr const char* kSuffix = ".safetensors";

// "000000080.safetensors"
std::string file_name(std::size_t update) {
  char name[40];
  std::snprintf(name, sizeof name, "%09zu%s", update, kSuffix);
  return name;
}

}  // namespace

bool is_snapshot_folder(const fs::path& folder) {
  return std::find(kSnapshotFolders.begin(), kSnapshotFolders.end(), folder.filename()) !=
         kSnapshotFolders.end();
}

std::vector<Snapshot> list_snapshots(const fs::path& model_folder, const std::string& folder) {
  std::vector<Snapshot> snapshots;
  if (!fs::is_directory(model_folder / folder)) return snapshots;
  for (const fs::directory_entry& entry : fs::directory_iterator(model_folder / folder)) {
    const std::string stem = entry.path().stem().string();
    Snapshot snapshot{0, entry.path()};
    const auto [end, error] =
        std::from_chars(stem.data(), stem.data() + stem.size(), snapshot.update);
    if (error == std::errc() && entry.path().filename() == file_name(snapshot.update))
      snapshots.push_back(snapshot);
  }
  std::sort(snapshots.begin(), snapshots.end(),
            [](const Snapshot& a, const Snapshot& b) { return a.update < b.update; });
  return snapshots;
}

std::set<std::size_t> snapshot_updates(std::size_t updates, std::size_t limit) {
  if (limit == 0) return {};
  std::size_t spacing = kFirstSpacing;
  while (updates / spacing >= (limit + 1) * (limit + 1) * (limit + 1)) spacing *= 8;
  std::set<std::size_t> taken;
  for (std::size_t k = 1; spacing * k * k * k <= updates; ++k) taken.insert(spacing * k * k * k);
  return taken;
}

void write_snapshot(const fs::path& model_folder, std::size_t update,
                    const ParameterStore<float>& store, const std::string& folder) {
  const fs::path place = model_folder / folder;
  std::error_code error;
  fs::create_directories(place, error);
  if (error)
    throw CheckpointError(place.string() + ": cannot be created (" + error.message() + ")");
  Safetensors file;
  add_parameters(file, store);
  file.write(place / file_name(update));
}

void load_finite_parameters(const Safetensors& file, ParameterStore<float>& store) {
  load_parameters(file, store);
  for (const Tensor<float>& parameter : store.parameters()) {
    const std::optional<QuantizedView> stored = file.quantized(parameter.name());
    // Of a row of 8 bits a bound.
    if (!all_finite(stored ? stored->scales * 128.0f : parameter.value().alias()))
      throw CheckpointError("parameter " + parameter.name() + " is not finite");
  }
}

void load_snapshot(const Snapshot& snapshot, ParameterStore<float>& store) {
  const Safetensors file = Safetensors::read(snapshot.file);
  file.require_checksum();
  try {
    load_finite_parameters(file, store);
  } catch (const CheckpointError& error) {
    throw CheckpointError(snapshot.file.string() + ": " + error.what());
  }
}

void thin_snapshots(const fs::path& model_folder, const std::set<std::size_t>& updates,
                    const std::string& folder) {
  for (const Snapshot& snapshot : list_snapshots(model_folder, folder))
    if (!updates.contains(snapshot.update)) fs::remove(snapshot.file);
  const fs::path place = model_folder / folder;
  if (fs::is_directory(place) && fs::is_empty(place)) fs::remove(place);
}

}  // namespace babelgrad
