// Named arrays in a file, in the safetensors format (the one that Hugging Face and PyTorch users
// read): 8 bytes header length, a JSON header, then the arrays' bytes, little-endian.
//
// A file that is read is mapped into memory; get() copies an array out of it, so that parameters
// own their storage: training may change them, and a file that is changed in place, or cut off,
// under a long-lived mapping would change or end the program. Nothing stays mapped after the last
// read.
//
// A full disk or a crash leaves the old file whole (base/files.h). Our files carry a checksum of
// the data in their metadata, which reading verifies; files of others are read without it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "babelgrad/autograd/array.h"
#include "babelgrad/autograd/products/quantized.h"
#include "babelgrad/base/files.h"
#include "babelgrad/nn/mapped_file.h"
#include "babelgrad/nn/parameters.h"

namespace babelgrad {

// A file that does not hold what it should.
class CheckpointError : public FileError {
  using FileError::FileError;
};

// A file mapped into memory or one to be written, its arrays decoded on demand.
class Safetensors {
 public:
  Safetensors() = default;

  // Throws CheckpointError for a missing, truncated or damaged file.
  static Safetensors read(const std::filesystem::path& path);
  // Throws FileError.
  void write(const std::filesystem::path& path) const;

  template <class T>
  void add(const std::string& name, const Array<T>& array);
  // Matrices [rows, cols] in whole numbers of 8 bits, scaled row by row as the factors of products
  // in int8 are: I8 under their names, and F32 [rows] as `name`.scale.
  void add_quantized(const std::map<std::string, Array<float>>& matrices);
  void set_metadata(const std::string& key, const std::string& value) { metadata_[key] = value; }

  bool contains(const std::string& name) const { return entries_.contains(name); }
  std::vector<std::string> names() const;  // in byte order, without those of scales
  const Shape& shape(const std::string& name) const;
  // Stored F32, F64, F16, BF16, I32, I64 and I8 with scales are converted to T. A CheckpointError
  // names an absent array.
  template <class T>
  Array<T> get(const std::string& name) const;
  // The same; a CheckpointError names both shapes if it has another one.
  template <class T>
  Array<T> get(const std::string& name, const Shape& expected) const;
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  // Of an array that is stored in 8 bits, what is stored, in the file's memory; nothing of others.
  std::optional<QuantizedView> quantized(const std::string& name) const;

  // For files that this program must have written: throws CheckpointError if there was no checksum.
  void require_checksum() const;

 private:
  struct Entry {
    std::string dtype;  // F32, F64 ...
    Shape shape;
    std::size_t begin = 0, end = 0;  // bytes within data()
  };
  const Entry& entry(const std::string& name) const;
  std::string_view data() const;  // of all arrays
  void append(const std::string& name, const char* dtype, const Shape& shape, const void* bytes,
              std::size_t size);
  bool is_quantized(const std::string& name) const;
  void parse();
  void check_coverage() const;

  std::string source_ = "safetensors";  // for messages
  std::map<std::string, Entry> entries_;
  std::map<std::string, std::string> metadata_;
  std::shared_ptr<const MappedFile> file_;  // that was read; null once an array is added
  std::size_t header_end_ = 0;              // where its data begins
  std::string added_;                       // the data without a file
};

// The parameters of a store under their names, with `prefix` before each.
template <class T>
void add_parameters(Safetensors& file, const ParameterStore<T>& store,
                    const std::string& prefix = "");
// The same, matrices quantized.
void add_quantized_parameters(Safetensors& file, const ParameterStore<float>& store);

// Sets every parameter of the store. Strict: a missing, extra or misshapen array (both shapes) is
// named in a CheckpointError and nothing is changed. With a prefix, arrays without it are ignored.
template <class T>
void load_parameters(const Safetensors& file, ParameterStore<T>& store,
                     const std::string& prefix = "");

}  // namespace babelgrad
