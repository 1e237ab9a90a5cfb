// babelgrad: trains, runs, measures and inspects attention sequence-to-sequence models.
// Exit codes: 0 done, 1 failed, 2 wrong usage or bad input. Progress goes to stderr, results to
// stdout.
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <filesystem>
#include <iostream>
#include <string>

#include "babelgrad/apps/command_line.h"
#include "babelgrad/apps/ranks/join.h"
#include "babelgrad/autograd/products/gemm.h"
#include "babelgrad/base/files.h"
#include "babelgrad/models/config/config.h"
#include "babelgrad/models/training/gradient_step.h"
#include "babelgrad/text/error.h"

namespace {

constexpr int kFailed = 1;
constexpr int kBadInput = 2;

// A standard stream that the caller closed becomes the null device, so that no file that is opened
// later gets its descriptor and is written into by mistake. It is opened the wrong way round: who
// needs the stream is told that it cannot be used.
void open_standard_streams() {
  for (const int stream : {0, 1, 2})
    if (::fcntl(stream, F_GETFD) < 0 && errno == EBADF &&
        ::open("/dev/null", stream == 0 ? O_WRONLY : O_RDONLY) != stream)
      std::_Exit(kFailed);
}

// OpenBLAS starts threads, which this program does not use, before main; where the address space is
// limited (ulimit -v) they may want their buffers without end, and nothing ends before they do.
void do_without_blas_threads(char** argv) {
  constexpr const char* kThreads = "OPENBLAS_NUM_THREADS";
  rlimit limit{};
  if (::getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY ||
      std::getenv(kThreads) != nullptr)
    return;
  ::setenv(kThreads, "1", 1);
  ::execv("/proc/self/exe", argv);  // which comes here no more; where it cannot, all goes on
}

// A write that nobody reads, or beyond the limit of a file's size, fails and is told as others are.
void take_failed_writes() {
  for (const int signal : {SIGPIPE, SIGXFSZ}) std::signal(signal, SIG_IGN);
}

// One line, whatever names and contents of files it cites.
std::string one_line(const std::string& text) {
  constexpr const char* kDigits = "0123456789abcdef";
  std::string line;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool control = byte < 0x20 || byte == 0x7f;
    if (!control) line += c;
    if (control) line += std::string("\\x") + kDigits[byte >> 4] + kDigits[byte & 15];
  }
  return line;
}

int complain(const std::exception& error, int code) {
  std::fprintf(stderr, "babelgrad: %s\n", one_line(error.what()).c_str());
  return code;
}

int complain_usage(const CLI::App& app, const CLI::ParseError& error, const char* first) {
  const auto commands = app.get_subcommands();
  const std::string command = commands.empty() ? "" : " " + commands[0]->get_name();
  std::string what = error.what();
  if (commands.empty() && first) what = first + std::string(": no such command");
  if (commands.empty() && !first) what = "a command is required";
  std::fprintf(stderr, "babelgrad: %s; see babelgrad%s --help\n", one_line(what).c_str(),
               command.c_str());
  return kBadInput;
}

void flush_results() {
  std::cout.flush();
  if (std::fflush(stdout) != 0 || !std::cout)
    throw std::runtime_error("standard output: cannot be written");
}

int run_command(int argc, char** argv) {
  babelgrad::apps::CommandLine line(argc > 1 ? argv[1] : "");
  try {
    line.app().parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) {  // --help, --version
      line.app().exit(error);
      flush_results();
      return 0;
    }
    return complain_usage(line.app(), error, argc > 1 && argv[1][0] != '-' ? argv[1] : nullptr);
  }
  const int code = line.run();
  flush_results();
  return code;
}

// What main is for whoever calls it: the command, and its exit code. A sentence for each error.
int run(int argc, char** argv) {
  try {
    return run_command(argc, argv);
  } catch (const babelgrad::text::InputError& error) {
    return complain(error, kBadInput);
  } catch (const babelgrad::ConfigError& error) {
    return complain(error, kBadInput);
  } catch (const babelgrad::FileError& error) {
    return complain(error, kBadInput);
  } catch (const std::filesystem::filesystem_error& error) {
    return complain(babelgrad::FileError(error.path1().string() + ": cannot be used (" +
                                         error.code().message() + ")"),
                    kBadInput);
  } catch (const babelgrad::DivergenceError& error) {
    return complain(error, kBadInput);
  } catch (const babelgrad::apps::UsageError& error) {
    return complain(error, kBadInput);
  } catch (const std::bad_alloc&) {
    std::fprintf(stderr, "babelgrad: out of memory\n");
    return kFailed;
  } catch (const std::exception& error) {
    return complain(error, kFailed);
  }
}

// mpirun does not say which of its processes has said something.
int complain_as(std::size_t rank, const std::string& what) {
  return complain(std::runtime_error("rank " + std::to_string(rank) + ": " + what), kFailed);
}

// mpirun passes them on to all.
void leave_signals_to_rank_0() {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGXCPU})
    std::signal(signal, SIG_IGN);
}

// Rank 0 runs the command; the others do as it says. An error while they work together ends all.
int run_ranks(babelgrad::Ranks& ranks, int argc, char** argv) {
  try {
    babelgrad::apps::require_alike(ranks, argc, argv);
    if (ranks.rank() > 0) {
      leave_signals_to_rank_0();
      babelgrad::follow(ranks);
      return 0;
    }
  } catch (const std::exception& error) {
    if (ranks.rank() == 0) ranks.abort(complain(error, kBadInput));
    const bool memory = dynamic_cast<const std::bad_alloc*>(&error) != nullptr;
    ranks.abort(complain_as(ranks.rank(), memory ? "out of memory" : error.what()));
  }
  const babelgrad::apps::Lead lead(ranks);
  const int code = run(argc, argv);
  if (babelgrad::apps::crew()->at_work()) ranks.abort(code);
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  do_without_blas_threads(argv);
  open_standard_streams();
  take_failed_writes();
  babelgrad::set_blas_threads(1);  // the program runs threads of its own over sentences
  babelgrad::stop_blas_threads();
  std::ios::sync_with_stdio(false);
  std::unique_ptr<babelgrad::Ranks> ranks;
  try {
    ranks = babelgrad::apps::join_ranks();
  } catch (const babelgrad::RankError& error) {
    return babelgrad::apps::is_first_of_machine() ? complain(error, kBadInput) : kBadInput;
  }
  return ranks ? run_ranks(*ranks, argc, argv) : run(argc, argv);
}
