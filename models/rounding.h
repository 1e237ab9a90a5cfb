// Numbers for JSON files that people and pages read.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace babelgrad {

inline constexpr int kDigits = 6;  // significant

// x to so many significant digits: JSON writes no more digits than a number has.
inline double rounded(double x, int digits = kDigits) {
  char text[32];
  std::snprintf(text, sizeof text, "%.*g", digits, x);
  return std::strtod(text, nullptr);
}

}  // namespace babelgrad
