// FeatureFiles: sources that are not text, as features read from safetensors files:
//   features [N, S, F]   N items of S positions, each of F numbers
//   lengths [N]          the positions that each item has; absent: all S
// and in the metadata, if the positions are parts of a picture, row by row,
//   patches              "6x6 of 4x4x3": 6 rows of 6, each of 4 rows of 4 pixels of 3 numbers;
//                        "6x6 of 4x4x3+2": each with 2 other features after these
// An item is called by its file and its number, as a line of text is: "test.safetensors:17".
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "babelgrad/autograd/array.h"
#include "babelgrad/text/source.h"

namespace babelgrad {

struct Patches {
  std::size_t rows, columns, height, width, channels;
};

class FeatureFiles {
 public:
  // Returns the names of a file's items, in their order. Throws text::InputError for a file that is
  // not one, and ConfigError for one whose positions have more or fewer features than others':
  //   "a.safetensors: features has shape [3, 4]; need [N, S, F]"
  //   "a.safetensors: lengths of item 7 is 30; need a whole number from 1 to 25"
  //   "a.safetensors: item 7 has a feature that is not a finite number"
  //   "a.safetensors has 108 features a position; b.safetensors has 192"
  std::vector<std::string> add(const std::filesystem::path& path);

  // Of all items, file by file in the order in which they were added.
  std::vector<std::string> names() const;
  std::string paths() const;                                  // "a.safetensors, b.safetensors"
  std::size_t feature_size() const { return feature_size_; }  // F; 0: there is no file
  // Throws text::InputError "a.safetensors:7: 3000 positions; at most 2000 an item can be read".
  void require_at_most(std::size_t positions) const;
  // Of an item by its name, of which the number is enough if there is one file. Throws
  // text::InputError "7: no such item; need a.safetensors:1 to a.safetensors:5".
  text::Source at(const std::string& name) const;
  // What picture an item is, if it is one.
  std::optional<Patches> patches(const std::string& name) const;

 private:
  struct File {
    Array<float> features;
    std::vector<std::size_t> lengths;
    std::optional<Patches> patches;
  };
  struct Item {
    const File* file;
    std::size_t number;  // from 0
  };
  Item find(const std::string& name) const;

  static std::vector<std::string> names_in(const std::string& path, std::size_t items);

  std::map<std::string, File> files_;
  std::vector<std::string> paths_;  // in the order in which they were added
  std::size_t feature_size_ = 0;
};

}  // namespace babelgrad
