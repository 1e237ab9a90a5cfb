#include "tests/apps/process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <stdexcept>

#include "tests/apps/folder.h"

namespace babelgrad::test {
namespace {

// In the child: does not return.
[[noreturn]] void execute(const std::vector<std::string>& arguments,
                          const std::filesystem::path& folder, std::uint64_t max_file_bytes,
                          std::vector<std::string> command = {}) {
  if (::chdir(folder.c_str()) != 0) ::_exit(127);
  std::signal(SIGPIPE, SIG_DFL);
  if (max_file_bytes > 0) {
    std::signal(SIGXFSZ, SIG_DFL);
    const rlimit limit{max_file_bytes, max_file_bytes};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  command.push_back(program().string());
  command.insert(command.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  for (std::string& argument : command) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  ::execvp(pointers[0], pointers.data());
  ::_exit(127);
}

// Waits for the end.
int exit_code_of(pid_t id) {
  int status = 0;
  while (::waitpid(id, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void redirect(const std::filesystem::path& path, int flags, int descriptor) {
  const int file = ::open(path.c_str(), flags, 0666);
  if (file < 0 || ::dup2(file, descriptor) < 0) ::_exit(126);
  ::close(file);
}

}  // namespace

std::filesystem::path program() {
  return std::filesystem::path(BABELGRAD_BINARY_DIR) / "babelgrad";
}

Finished run(const std::vector<std::string>& arguments, const RunOptions& options) {
  const Folder streams;
  streams.write("in", options.input);
  const auto in = options.input_file.empty() ? streams.path() / "in" : options.input_file;
  const auto out = options.out.empty() ? streams.path() / "out" : options.out;
  const pid_t id = ::fork();
  if (id < 0) throw std::runtime_error("fork failed");
  if (id == 0) {
    redirect(in, O_RDONLY, STDIN_FILENO);
    redirect(out, O_WRONLY | O_CREAT, STDOUT_FILENO);
    redirect(streams.path() / "err", O_WRONLY | O_CREAT, STDERR_FILENO);
    for (const int descriptor : options.closed) ::close(descriptor);
    execute(arguments, options.folder, options.max_file_bytes, options.under);
  }
  Finished finished;
  finished.exit_code = exit_code_of(id);
  if (options.out.empty()) finished.out = streams.read("out");
  finished.err = streams.read("err");
  return finished;
}

Process::Process(const std::vector<std::string>& arguments, const std::filesystem::path& folder,
                 const std::vector<std::string>& under) {
  std::array<int, 2> in, out, err;
  if (::pipe2(in.data(), O_CLOEXEC) != 0 || ::pipe2(out.data(), O_CLOEXEC) != 0 ||
      ::pipe2(err.data(), O_CLOEXEC) != 0)
    throw std::runtime_error("pipe failed");
  id_ = ::fork();
  if (id_ < 0) throw std::runtime_error("fork failed");
  if (id_ == 0) {
    ::dup2(in[0], STDIN_FILENO);
    ::dup2(out[1], STDOUT_FILENO);
    ::dup2(err[1], STDERR_FILENO);
    execute(arguments, folder, 0, under);
  }
  ::close(in[0]);
  ::close(out[1]);
  ::close(err[1]);
  in_ = in[1];
  out_.descriptor = out[0];
  err_.descriptor = err[0];
}

Process::~Process() {
  close_input();
  if (id_ > 0 && !ended_) {
    ::kill(id_, SIGKILL);
    exit_code_of(id_);
  }
  ::close(out_.descriptor);
  ::close(err_.descriptor);
}

void Process::write(const std::string& text) {
  if (::write(in_, text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    throw std::runtime_error("cannot write to the process");
}

void Process::close_input() {
  if (in_ >= 0) ::close(in_);
  in_ = -1;
}

void Process::signal(int number) { ::kill(id_, number); }

bool Process::fill(Stream& stream, double seconds) {
  pollfd descriptor{stream.descriptor, POLLIN, 0};
  if (::poll(&descriptor, 1, static_cast<int>(1000 * seconds)) <= 0) return false;
  std::array<char, 4096> chunk;
  const ssize_t count = ::read(stream.descriptor, chunk.data(), chunk.size());
  if (count <= 0) return false;
  stream.buffer.append(chunk.data(), static_cast<std::size_t>(count));
  return true;
}

std::string Process::read_line(Stream& stream, double seconds) {
  using std::chrono::steady_clock;
  const auto start = steady_clock::now();
  std::size_t end = 0;
  while ((end = stream.buffer.find('\n')) == std::string::npos) {
    const double left =
        seconds - std::chrono::duration<double>(steady_clock::now() - start).count();
    if (left <= 0 || !fill(stream, left)) return "";
  }
  std::string line = stream.buffer.substr(0, end);
  stream.buffer.erase(0, end + 1);
  return line;
}

Finished Process::finish() {
  constexpr double kLongestSilence = 60;  // seconds
  close_input();
  while (fill(out_, kLongestSilence)) {
  }
  while (fill(err_, kLongestSilence)) {
  }
  Finished finished;
  finished.exit_code = exit_code_of(id_);
  finished.out = out_.buffer;
  finished.err = err_.buffer;
  ended_ = true;
  return finished;
}

}  // namespace babelgrad::test
