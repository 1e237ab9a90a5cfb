// The command line of a benchmark. (CLI11 takes long to compile: it is read here alone.)
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace babelgrad::bench {

class Arguments {
 public:
  explicit Arguments(const std::string& meaning);
  ~Arguments();

  // The value stands in the help if it is not empty. All references must outlive parse().
  void flag(const std::string& name, bool& value, const std::string& meaning);
  void text(const std::string& name, std::string& value, const std::string& meaning);
  void choice(const std::string& name, std::string& value, const std::string& meaning,
              const std::vector<std::string>& choices);
  void number(const std::string& name, std::size_t& value, const std::string& meaning,
              int least = 1, int most = 1 << 20);
  void numbers(const std::string& name, std::vector<std::size_t>& values,
               const std::string& meaning, int least = 1, int most = 1 << 20);
  void existing_files(const std::string& name, std::vector<std::string>& values,
                      const std::string& meaning);
  // Of threads, where 0 (one a core) is replaced by the number it stands for.
  void threads(const std::string& name, std::size_t& value, const std::string& meaning);
  void threads(const std::string& name, std::vector<std::size_t>& values,
               const std::string& meaning);
  void need_each_other(const std::string& one, const std::string& other);
  void exclude_each_other(const std::string& one, const std::string& other);

  // The exit code, if the program ends here: after --help (0), or after what is wrong (2).
  std::optional<int> parse(int argc, char** argv);

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace babelgrad::bench
