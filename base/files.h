// Files written whole or not at all, with errors that name the file.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>

namespace babelgrad {

// A file that cannot be read or written as asked; one sentence that names it.
class FileError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Replaces what is at `path`, be it a link: the bytes go to a temporary file beside it, whose name
// no other writer has, which is synced and renamed; so a full disk, a crash or a second writer
// leaves one whole file. Throws FileError "config.json: cannot be written (No space left on
// device)".
void replace_file(const std::filesystem::path& path, std::string_view bytes);

// The same for a path that a user gave: a link stays, and the file behind it is replaced; a device
// or a pipe is written into as it is.
void write_file(const std::filesystem::path& path, std::string_view bytes);

// So that what was renamed or linked in a folder keeps its name over a power failure, where the
// file system has that.
void sync_folder(const std::filesystem::path& folder);

// Whether this is the temporary file of a writer that was killed; and all of a folder removed.
bool is_stale_temporary(const std::filesystem::path& path);
void remove_stale_temporaries(const std::filesystem::path& folder);

}  // namespace babelgrad
