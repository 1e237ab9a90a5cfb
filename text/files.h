// Whole files in, with errors that name the file (base/files.h writes them).
#pragma once

#include <filesystem>
#include <string>

namespace babelgrad::text {

// The bytes of a file. Throws InputError:
// "corpus.fr: no such file", "corpus.fr: is a directory, not a file", "corpus.fr: cannot be read".
std::string read_file(const std::filesystem::path& path);

}  // namespace babelgrad::text
