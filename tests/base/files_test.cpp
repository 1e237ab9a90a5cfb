// Files written whole or not at all.
#include "babelgrad/base/files.h"

#include <doctest/doctest.h>
#include <sys/wait.h>

#include <algorithm>
#include <thread>
#include <vector>

#include "tests/nn/file_size_limit.h"
#include "tests/text/helpers.h"

namespace babelgrad {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder))
    names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

using Names = std::vector<std::string>;

TEST_CASE("a file is replaced whole or not at all") {
  const TemporaryFolder folder;
  write_file(folder.path() / "a", "first");
  write_file(folder.path() / "a", "second");
  CHECK(folder.read("a") == "second");
  CHECK(error_of<FileError>([&] { write_file(folder.path() / "no" / "a", "x"); }, &folder) ==
        "no/a: cannot be written (No such file or directory)");
  const std::string name(255, 'n');  // as long as a name can be
  write_file(folder.path() / name, "x");
  CHECK(folder.read(name) == "x");
  {
    const FileSizeLimit limit(4096);
    const std::string large(5000, 'x');
    CHECK(error_of<FileError>([&] { write_file(folder.path() / "a", large); }, &folder) ==
          "a: cannot be written (File too large)");
  }
  CHECK(folder.read("a") == "second");
  CHECK(names_in(folder.path()) == Names{"a", name});
}

TEST_CASE("replace_file replaces a link, not what is behind it") {
  const TemporaryFolder folder;
  folder.write("real", "first");
  fs::create_symlink("real", folder.path() / "link");
  replace_file(folder.path() / "link", "second");
  CHECK_FALSE(fs::is_symlink(folder.path() / "link"));
  CHECK(folder.read("link") == "second");
  CHECK(folder.read("real") == "first");
}

TEST_CASE("write_file follows links, and writes into what is no plain file") {
  const TemporaryFolder folder;
  folder.write("real", "first");
  fs::create_symlink("real", folder.path() / "link");
  write_file(folder.path() / "link", "second");
  CHECK(fs::is_symlink(folder.path() / "link"));
  CHECK(folder.read("real") == "second");
  fs::create_symlink("new", folder.path() / "dangling");
  write_file(folder.path() / "dangling", "third");
  CHECK(fs::is_symlink(folder.path() / "dangling"));
  CHECK(folder.read("new") == "third");
  write_file("/dev/null", "lost");
  CHECK(fs::is_character_file("/dev/null"));
  CHECK(error_of<FileError>([&] { write_file(folder.path(), "x"); }) ==
        folder.path().string() + ": cannot be written (Is a directory)");
  if (fs::exists("/dev/full")) {
    CHECK(error_of<FileError>([&] { write_file("/dev/full", "x"); }) ==
          "/dev/full: cannot be written (No space left on device)");
    CHECK(fs::is_character_file("/dev/full"));
  }
}

TEST_CASE("two writers of one file never share a temporary one") {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "a";
  const std::string one(100000, '1'), two(300000, '2');
  std::vector<std::thread> writers;
  for (const std::string* bytes : {&one, &two})
    writers.emplace_back([&path, bytes] {
      for (int i = 0; i < 20; ++i) write_file(path, *bytes);
    });
  std::size_t mixed = 0;
  for (int i = 0; i < 200; ++i) {
    const std::string found = folder.read("a");
    mixed += !found.empty() && found != one && found != two;  // empty: before the first
  }
  for (std::thread& writer : writers) writer.join();
  CHECK(mixed == 0);
  CHECK(names_in(folder.path()) == Names{"a"});
}

TEST_CASE(
    "temporary files of killed writers are removed, those of living ones and others are not") {
  const TemporaryFolder folder;
  const pid_t dead = ::fork();
  if (dead == 0) ::_exit(0);
  ::waitpid(dead, nullptr, 0);
  const std::string gone = std::to_string(dead), here = std::to_string(::getpid());
  folder.write("model.safetensors." + gone + "-0.tmp", "x");
  folder.write("a." + gone + "-17.tmp", "x");
  const Names kept{"a." + here + "-3.tmp", "a.tmp",     "b." + gone + ".tmp",
                   "c." + gone + "-1",     "d.x-1.tmp", "e.-5-1.tmp"};
  for (const std::string& name : kept) folder.write(name, "x");
  remove_stale_temporaries(folder.path());
  CHECK(names_in(folder.path()) == kept);
  remove_stale_temporaries(folder.path() / "missing");
}

}  // namespace
}  // namespace babelgrad
