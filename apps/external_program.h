// Programs of the system that draw pictures: Graphviz, librsvg. They run as filters, without a
// shell.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace babelgrad::apps {

struct ExternalProgram {
  std::string name;     // looked up in PATH
  std::string package;  // Debian's, for who has not got it
};

// Gives the program `input` on its standard input; returns what it writes to standard output.
// Throws UsageError "dot: no such program; apt-get install graphviz has it" if it is missing, and
// std::runtime_error with the first line of its complaint if it fails. Thread-safe.
std::string run_filter(const ExternalProgram& program, const std::vector<std::string>& arguments,
                       std::string_view input);

}  // namespace babelgrad::apps
