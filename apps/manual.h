// The man pages, babelgrad(1) and babelgrad-train(1) ... for each command, in the man macros of
// roff.
#pragma once

#include <string>

#include "babelgrad/apps/command_list.h"

namespace babelgrad::apps {

std::string manual_page(const ProgramText& program);
std::string manual_page(const ProgramText& program, const CommandText& command);

}  // namespace babelgrad::apps
