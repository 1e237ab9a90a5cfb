// What the command line of `babelgrad translate` demands of the translations, for all lines or line
// by line.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "babelgrad/models/folder/demand_reader.h"

namespace babelgrad::apps {

struct DemandOptions {
  std::string prefix, prefix_file;
  bool complete_word = false;  // the prefix's last word may go on
  std::vector<std::string> phrases;
  std::string phrase_file;

  void add(CLI::App& command);
  bool any() const;
  DemandReader::LastWord last_word() const;
};

class LineDemands {
 public:
  // Reads the files and checks them all. Throws text::InputError as read_lines and DemandReader do
  // ("phrases.txt:3: the model has no token for 'zyx'"), UsageError for flags that do not go
  // together.
  LineDemands(const DemandOptions& options, const Translator& translator);

  // Of the lines [first, first + count) of standard input; empty if nothing is demanded. Throws
  // text::InputError "phrases.txt has 3 lines, but standard input has more; they must match line by
  // line".
  std::vector<Demands> of_lines(std::size_t first, std::size_t count) const;
  // The same where standard input turns out to have had fewer ("... has 2 ...").
  void require_all(std::size_t lines) const;

 private:
  Demands of_line(std::size_t line) const;

  DemandOptions options_;
  std::optional<DemandReader> reader_;
  Demands of_all_;
  std::vector<std::string> prefixes_, phrases_;  // lines of the files
};

}  // namespace babelgrad::apps
