// A temporary folder and the files in it.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace babelgrad::test {

class Folder {
 public:
  Folder();
  ~Folder();  // removes it
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::string read(const std::string& name) const;
  void write(const std::string& name, const std::string& bytes) const;
  bool has(const std::string& name) const { return std::filesystem::exists(path_ / name); }

  // Bytes of every file below, by its path in the folder; folders have the bytes "/".
  std::map<std::string, std::string> snapshot() const;

 private:
  std::filesystem::path path_;
};

std::vector<std::string> lines_of(const std::string& text);
std::string repeat(const std::string& text, std::size_t count);
std::size_t occurrences(const std::string& text, const std::string& part);

}  // namespace babelgrad::test
