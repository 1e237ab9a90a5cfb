#include "babelgrad/apps/output_file.h"

#include <iostream>

#include "babelgrad/apps/commands.h"
#include "babelgrad/base/files.h"
#include "babelgrad/models/folder/model_folder.h"

namespace babelgrad::apps {

OutputFile::OutputFile(std::filesystem::path path) : path_(std::move(path)) {
  if (is_model_file(path_))
    throw UsageError(path_.string() + ": is a file of a model; give another name");
}

void OutputFile::write(std::string_view bytes) const {
  if (path_ == "-")
    std::cout << bytes;
  else
    write_file(path_, bytes);
}

}  // namespace babelgrad::apps
