// What the tests of the command line share: a small corpus, and a model trained on it once.
#pragma once

#include <string>
#include <vector>

#include "tests/apps/folder.h"
#include "tests/apps/process.h"

namespace babelgrad::test {

// A folder with the corpus (train.fr, train.en: 300 pairs), to run commands in.
class World : public Folder {
 public:
  World();

  Finished run(const std::vector<std::string>& arguments, const std::string& input = "") const;

  // Puts a copy of the shared model here, under this name.
  void add_model(const std::string& name = "model") const;
};

using Arguments = std::vector<std::string>;
Arguments operator+(Arguments a, const Arguments& b);

// Flags of a model that trains in a fraction of a second; then its updates and threads.
extern const Arguments kSmall;
// train --source train.fr --target train.en --out OUT, small: 60 updates, one thread, two shards.
Arguments train_to(const std::string& out);

// One folder with the shared model, for tests that leave the model there as it is.
const World& trained_world();

inline const Arguments kTranslate{"translate", "--model", "model"};
inline const Arguments kResume{"train", "--resume", "--out", "model"};
inline const std::string kThreeLines = "je vois le chat\n\ntu veux du thé\n";

std::string join(const Arguments& arguments);  // for messages

}  // namespace babelgrad::test
