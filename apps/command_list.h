// What the command line offers, read off CLI11's definitions as plain data: what man pages and
// shell completion are written from. What help hides (an empty group) is left out.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace babelgrad::apps {

struct OptionText {
  enum class Value { none, text, file, folder, choice };

  std::vector<std::string> names;  // as typed: "-o", "--out"; a positional's only name: "sentence"
  Value value = Value::none;
  std::string value_name;            // "N", "F.json", "words|chars"
  std::vector<std::string> choices;  // of Value::choice
  std::string default_value;         // "" if there is none
  std::string group;                 // heading: "Options", "Model" ...
  std::string help;
  bool positional = false, required = false, repeated = false;
};

struct CommandText {
  std::string name;  // "train"; of the program itself "babelgrad"
  std::string help;
  std::vector<OptionText> options;
};

struct ProgramText {
  std::string version, footer;
  CommandText program;
  std::vector<CommandText> commands;
};

ProgramText describe(const CLI::App& app);

}  // namespace babelgrad::apps
