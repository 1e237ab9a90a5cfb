// The picture of bench/scaling: small multiples as one SVG file that follows the reader's light or
// dark setting. Axes are linear and start at 0.
#pragma once

#include <string>
#include <vector>

namespace babelgrad::bench {

struct Point {
  double x = 0, y = 0;
};

struct Line {
  std::string label;  // written at the last point
  bool is_reference = false;
  std::vector<Point> points;  // x ascending, at least one
};

struct Panel {
  std::string title;  // "hidden size H": what x is
  std::string unit;   // of y
  std::vector<Line> lines;
};

std::string to_svg(const std::string& title, const std::string& subtitle,
                   const std::vector<Panel>& panels);

}  // namespace babelgrad::bench
