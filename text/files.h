// Whole files in and out, with errors that name the file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace babelgrad::text {

// The bytes of a file. Throws InputError:
// "corpus.fr: no such file", "corpus.fr: is a directory, not a file", "corpus.fr: cannot be read".
std::string read_file(const std::filesystem::path& path);

// Writes `bytes` to `path`.tmp, then renames it, so that a full disk leaves what was at `path`. A
// link stays, and the file behind it is replaced; a device or a pipe is written into as it is.
// Throws InputError "corpus.fr: cannot be written (No space left on device)".
void write_file(const std::filesystem::path& path, std::string_view bytes);

// FNV-1a, 64 bits: tells a damaged file from a whole one (not a cryptographic hash).
// Chain calls by passing the last result as `hash`.
uint64_t checksum(std::string_view bytes, uint64_t hash = 0xcbf29ce484222325u);

}  // namespace babelgrad::text
