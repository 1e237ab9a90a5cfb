// How much memory this process takes.
#pragma once

#include <optional>

namespace babelgrad {

// Resident set, megabytes (10^6 bytes). Nothing where the system does not tell (no /proc).
std::optional<double> resident_megabytes();

}  // namespace babelgrad
