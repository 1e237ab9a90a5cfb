// The file that a command is told to write: a page, a picture or JSON.
#pragma once

#include <filesystem>
#include <string_view>

namespace babelgrad::apps {

inline constexpr const char* kOutputHelp = "file to write or replace; -: standard output";

class OutputFile {
 public:
  // Before the work starts. Throws UsageError for a file of a model, which no page may replace:
  // "model/config.json: is a file of a model; give another name".
  explicit OutputFile(std::filesystem::path path);

  // Replaces what the file held (base/files.h). The path "-" is the standard output. Throws
  // FileError if it cannot be written.
  void write(std::string_view bytes) const;

 private:
  std::filesystem::path path_;
};

}  // namespace babelgrad::apps
