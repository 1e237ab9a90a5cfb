// Runs the program under test as a user's shell does: arguments, standard input, and what comes
// back on standard output, on standard error and as the exit code.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace babelgrad::test {

struct Finished {
  int exit_code = -1;  // 128 + n if ended by signal n
  std::string out, err;
};

struct RunOptions {
  std::filesystem::path folder;           // to run in
  std::vector<std::string> under = {};    // the command that runs the program, strace say
  std::string input = {};                 // on standard input
  std::filesystem::path input_file = {};  // standard input instead of `input`
  std::filesystem::path out = {};         // where standard output goes instead of Finished::out
  std::vector<int> closed = {};           // descriptors that the program begins without
  std::uint64_t max_file_bytes = 0;       // a write beyond it fails as on a full disk; 0: no limit
};

// The babelgrad program of this build, or another one by its path.
std::filesystem::path program();
Finished run(const std::vector<std::string>& arguments, const RunOptions& options);

// A babelgrad process under way, with pipes on its three streams.
class Process {
 public:
  Process(const std::vector<std::string>& arguments, const std::filesystem::path& folder,
          const std::vector<std::string>& under = {});  // as in RunOptions
  ~Process();                                           // kills it if it is still there
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  void write(const std::string& text);
  // The next line, without its end. Empty if none comes within `seconds`.
  std::string read_line_out(double seconds) { return read_line(out_, seconds); }
  std::string read_line_err(double seconds) { return read_line(err_, seconds); }
  void close_input();
  void signal(int number);
  pid_t id() const { return id_; }
  Finished finish();  // reads all that is left and waits for the end

 private:
  struct Stream {
    int descriptor;
    std::string buffer;
  };
  static bool fill(Stream& stream, double seconds);
  static std::string read_line(Stream& stream, double seconds);

  pid_t id_ = -1;
  bool ended_ = false;
  int in_ = -1;
  Stream out_{-1, {}}, err_{-1, {}};
};

}  // namespace babelgrad::test
