// The folder that a command writes a model into.
#pragma once

#include <memory>
#include <string>

#include "babelgrad/models/training/training_lock.h"

namespace babelgrad::apps {

// Locks a model folder and finishes or clears away what a killed training left in it; null if there
// is no such folder yet. Throws FileError if somebody trains in it.
std::unique_ptr<const TrainingLock> lock_folder(const std::string& folder);

class OutputFolder {
 public:
  // A folder that is there is locked. Throws UsageError, with nothing changed, unless the folder
  // can be written into: "model: exists; give --overwrite to replace the model in it", with
  // `otherwise` behind it.
  OutputFolder(std::string path, bool overwrite, std::string otherwise = "");

  // Makes and locks it, if it is not there yet. Throws as the constructor does.
  void make();

 private:
  void require_free() const;

  std::string path_, otherwise_;
  bool overwrite_;
  std::unique_ptr<const TrainingLock> lock_;
};

}  // namespace babelgrad::apps
