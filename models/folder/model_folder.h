// The files of a model folder, and how a new model takes the place of an old one in it.
//
// A training that replaces a model writes beside it, into the folder kUnfinished within the model
// folder. When a model and a training state are there, that folder is renamed to kIncoming, and
// from then on the model is what lies in it (current_folder). Then the old files are removed, the
// new ones are linked to where they belong, and kIncoming gets its old name back, under which it
// may be thrown away. So wherever a process ends, the old model is whole or the new one is; the
// next training finishes the work or clears it away (tidy_folder). All it asks of the file system
// is an atomic rename.
#pragma once

#include <filesystem>

namespace babelgrad {

inline constexpr const char* kConfigFile = "config.json";
inline constexpr const char* kModelFile = "model.safetensors";
inline constexpr const char* kIncoming = ".babelgrad-incoming";  // names that are nobody else's
inline constexpr const char* kUnfinished = ".babelgrad-incoming.tmp";
inline constexpr const char* kStateFile = "training_state.safetensors";

// Where the files of a folder's model are: in it, or in what is about to replace them.
std::filesystem::path current_folder(const std::filesystem::path& folder);

// Whether there is a model that a new one must not destroy before it is whole itself.
bool has_model(const std::filesystem::path& folder);

// Throws FileError "m/config.json: not a file" if a file of a model is a pipe or a device, whose
// end may never come, or a folder.
void require_files(const std::filesystem::path& folder);

// Whether this is, links followed, a file that a model in its folder consists of, one that `train`
// writes there later, or a snapshot.
bool is_model_file(const std::filesystem::path& path);

// Removes the files of a model; others in the folder stay.
void remove_model_files(const std::filesystem::path& folder);

// Finishes what a training that was killed has left in the folder, or clears it away. For whoever
// holds the TrainingLock. Throws FileError, also if a part of kIncoming is missing.
void tidy_folder(const std::filesystem::path& folder);

// A new model on its way into a folder that has one.
class Replacement {
 public:
  // Throws FileError "model: cannot be replaced (No space left on device)".
  explicit Replacement(std::filesystem::path folder);
  ~Replacement();  // clears away what was not committed
  Replacement(const Replacement&) = delete;
  Replacement& operator=(const Replacement&) = delete;

  const std::filesystem::path& place() const { return place_; }  // where its files go
  bool is_whole() const;  // model and training state are there, and so may take the old ones' place
  void commit();          // they do; throws FileError, with the old or the new model whole

 private:
  std::filesystem::path folder_, place_;
};

}  // namespace babelgrad
