// Completion scripts for the shells: commands, flags, and the values of flags that name a file, a
// folder or one of several words.
#pragma once

#include <string>

#include "babelgrad/apps/command_list.h"

namespace babelgrad::apps {

std::string bash_completion(const ProgramText& program);
std::string zsh_completion(const ProgramText& program);
std::string fish_completion(const ProgramText& program);

}  // namespace babelgrad::apps
