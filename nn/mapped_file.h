// MappedFile: the bytes of a file as the system's page cache holds them, without a copy.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string_view>

namespace babelgrad {

// Whoever cuts the file short while it is mapped ends the program at the next access, so keep a
// mapping only as long as the bytes are being read.
class MappedFile {
 public:
  // Null, with errno set, if the file cannot be opened and mapped.
  static std::shared_ptr<const MappedFile> open(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::string_view bytes() const { return {static_cast<const char*>(start_), size_}; }

 private:
  MappedFile() = default;

  void* start_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace babelgrad
