// The program's command line: all commands and their flags, and what runs each. Help, man pages and
// shell completion (document.cpp) are made from it.
#pragma once

#include <CLI/CLI.hpp>
#include <map>
#include <string>
#include <string_view>

#include "babelgrad/apps/commands.h"

namespace babelgrad::apps {

class CommandLine {
 public:
  // All commands; or if there is one called `only`, that one alone, which is made sooner
  // (but with "document" all).
  explicit CommandLine(std::string_view only = {});
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  CLI::App& app() { return app_; }
  int run() const;  // the command that app() has parsed; its exit code

 private:
  CLI::App app_;
  std::map<std::string, Run> commands_;
};

}  // namespace babelgrad::apps
