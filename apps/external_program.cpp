#include "babelgrad/apps/external_program.h"

#include <spawn.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <memory>

#include "babelgrad/apps/commands.h"

namespace babelgrad::apps {
namespace {

struct Close {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, Close>;

// Files rather than pipes: neither side ever waits for the other.
File temporary_file(std::string_view contents = {}) {
  File file(std::tmpfile());
  if (!file || std::fwrite(contents.data(), 1, contents.size(), file.get()) != contents.size() ||
      std::fflush(file.get()) != 0)
    throw std::runtime_error(std::string("a temporary file cannot be written (") +
                             std::strerror(errno) + ")");
  std::rewind(file.get());
  return file;
}

std::string contents_of(const File& file) {
  std::rewind(file.get());
  std::string bytes;
  char chunk[1 << 16];
  for (std::size_t got; (got = std::fread(chunk, 1, sizeof chunk, file.get())) > 0;)
    bytes.append(chunk, got);
  return bytes;
}

pid_t start(const ExternalProgram& program, std::vector<std::string> arguments, const File& in,
            const File& out, const File& err) {
  arguments.insert(arguments.begin(), program.name);
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, fileno(in.get()), 0);
  posix_spawn_file_actions_adddup2(&actions, fileno(out.get()), 1);
  posix_spawn_file_actions_adddup2(&actions, fileno(err.get()), 2);
  posix_spawnattr_t attributes;  // what this program ignores, others may rely on
  posix_spawnattr_init(&attributes);
  sigset_t ignored;
  sigemptyset(&ignored);
  for (const int signal : {SIGPIPE, SIGXFSZ}) sigaddset(&ignored, signal);
  posix_spawnattr_setsigdefault(&attributes, &ignored);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  pid_t id = -1;
  const int error =
      posix_spawnp(&id, program.name.c_str(), &actions, &attributes, pointers.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error == ENOENT)
    throw UsageError(program.name + ": no such program; apt-get install " + program.package +
                     " has it");
  if (error != 0)
    throw std::runtime_error(program.name + ": cannot be started (" + std::strerror(error) + ")");
  return id;
}

}  // namespace

std::string run_filter(const ExternalProgram& program, const std::vector<std::string>& arguments,
                       std::string_view input) {
  const File in = temporary_file(input), out = temporary_file(), err = temporary_file();
  const pid_t id = start(program, arguments, in, out, err);
  int status = 0;
  while (waitpid(id, &status, 0) < 0 && errno == EINTR) {
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    const std::string complaint = contents_of(err);
    throw std::runtime_error(program.name +
                             ": failed: " + complaint.substr(0, complaint.find('\n')));
  }
  return contents_of(out);
}

}  // namespace babelgrad::apps
