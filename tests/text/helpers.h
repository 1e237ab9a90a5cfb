// What the tests of text/ share: a folder for files, and the message of an expected error.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include <unistd.h>

#include "babelgrad/text/error.h"

// A folder that lives as long as the object.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "babelgrad-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

  std::filesystem::path write(const std::string& name, std::string_view bytes) const {
    std::ofstream(path_ / name, std::ios::binary) << bytes;
    return path_ / name;
  }

  std::string read(const std::string& name) const {
    std::ifstream file(path_ / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

 private:
  std::filesystem::path path_;
};

// The message of the exception of type Error that `call` throws; with `folder` in it, that part of
// each path is left out.
template <class Error = babelgrad::text::InputError, class Call>
std::string error_of(const Call& call, const TemporaryFolder* folder = nullptr) {
  std::string message = "(no error)";
  try {
    call();
  } catch (const Error& error) {
    message = error.what();
  }
  if (folder) {
    const std::string prefix = folder->path().string() + "/";
    for (size_t at; (at = message.find(prefix)) != std::string::npos;)
      message.erase(at, prefix.size());
  }
  return message;
}
