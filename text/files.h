// Whole files in, with errors that name the file (base/files.h writes them).
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace babelgrad::text {

// The bytes of a file. Throws InputError:
// "corpus.fr: no such file", "corpus.fr: is a directory, not a file", "corpus.fr: cannot be read".
std::string read_file(const std::filesystem::path& path);

// FNV-1a, 64 bits: tells a damaged file from a whole one (not a cryptographic hash).
// Chain calls by passing the last result as `hash`.
uint64_t checksum(std::string_view bytes, uint64_t hash = 0xcbf29ce484222325u);

}  // namespace babelgrad::text
