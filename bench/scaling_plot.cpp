#include "babelgrad/bench/scaling_plot.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace babelgrad::bench {
namespace {

// Pixels.
constexpr double kPanelWidth = 300, kPanelHeight = 220, kMargin = 24, kHeader = 64;
constexpr double kLeft = 44, kRight = 14, kTop = 44, kBottom = 30;  // inside a panel
constexpr double kLetter = 6.8;                                     // about the width of one
constexpr std::size_t kColumns = 3;

// The palette of the project's pages; blue and orange stay apart in all common kinds of colour
// blindness, and the reference is dashed as well.
constexpr const char* kStyle = R"(<style>
text { font: 12px Inter, system-ui, "Segoe UI", Roboto, "Noto Sans", sans-serif; fill: #22242a; }
path { fill: none; stroke-width: 2; stroke-linejoin: round; }
.paper { fill: #fbfaf7; }
.title { font-size: 17px; font-weight: 600; }
.head { font-size: 13px; font-weight: 600; }
.soft { font-size: 11px; fill: #5c5f69; }
.grid { stroke: #e2ded5; stroke-width: 1; }
text.measured, circle.measured { fill: #1f5f99; }
text.reference, circle.reference { fill: #b8530a; }
path.measured { stroke: #1f5f99; }
path.reference { stroke: #b8530a; stroke-dasharray: 5 4; }
@media (prefers-color-scheme: dark) {
  text { fill: #e9e7e2; }
  .paper { fill: #15171b; }
  .soft { fill: #a9abb3; }
  .grid { stroke: #32363e; }
  text.measured, circle.measured { fill: #7db8ec; }
  text.reference, circle.reference { fill: #f2a25c; }
  path.measured { stroke: #7db8ec; }
  path.reference { stroke: #f2a25c; }
}
</style>
)";

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", value);
  return text;
}

std::string coordinate(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", value);
  return text;
}

std::string text(double x, double y, const std::string& style, const char* anchor,
                 const std::string& content) {
  return "<text x=\"" + coordinate(x) + "\" y=\"" + coordinate(y) + "\" class=\"" + style +
         "\" text-anchor=\"" + anchor + "\">" + content + "</text>\n";
}

// 1, 2 or 5 times a power of ten, so that a handful of steps reach `largest`.
double nice_step(double largest) {
  const double power = std::pow(10, std::floor(std::log10(largest / 3)));
  for (const double factor : {1.0, 2.0, 5.0})
    if (factor * power * 4 >= largest) return factor * power;
  return 10 * power;
}

class PanelDrawing {
 public:
  PanelDrawing(const Panel& panel, double left, double top)
      : panel_(panel), left_(left + kLeft), top_(top + kTop) {
    for (const Line& line : panel.lines)
      for (const Point& p : line.points) {
        largest_x_ = std::max(largest_x_, p.x);
        largest_y_ = std::max(largest_y_, p.y);
      }
    step_ = nice_step(largest_y_);
    largest_y_ = step_ * std::ceil(largest_y_ / step_);
  }

  std::string svg() const {
    std::string out = text(left_ - kLeft + 8, top_ - 24, "head", "start", panel_.title) +
                      text(left_ + width(), top_ - 24, "soft", "end", panel_.unit) + axes();
    for (const Line& line : panel_.lines) out += curve(line);
    return out;
  }

 private:
  static double width() { return kPanelWidth - kLeft - kRight; }
  static double height() { return kPanelHeight - kTop - kBottom; }
  double x_of(double x) const { return left_ + width() * x / largest_x_; }
  double y_of(double y) const { return top_ + height() * (1 - y / largest_y_); }

  std::string axes() const {
    std::string out;
    for (double y = 0; y <= largest_y_ * 1.001; y += step_)
      out += "<path class=\"grid\" d=\"M" + coordinate(left_) + " " + coordinate(y_of(y)) + "h" +
             coordinate(width()) + "\"/>\n" +
             text(left_ - 6, y_of(y) + 4, "soft", "end", number(y));
    double free = left_ + width() + kPanelWidth;  // right of it stands a number
    const std::vector<Point>& points = panel_.lines.front().points;
    for (auto p = points.rbegin(); p != points.rend(); ++p) {
      const double half = kLetter * (static_cast<double>(number(p->x).size()) + 1) / 2;
      if (x_of(p->x) + half > free) continue;
      free = x_of(p->x) - half;
      out += text(x_of(p->x), top_ + height() + 17, "soft", "middle", number(p->x));
    }
    return out;
  }

  std::string curve(const Line& line) const {
    const std::string style = line.is_reference ? "reference" : "measured";
    std::string path, dots;
    for (const Point& p : line.points) {
      const std::string x = coordinate(x_of(p.x)), y = coordinate(y_of(p.y));
      path += (path.empty() ? "M" : "L") + x + " " + y;
      dots += "<circle class=\"" + style + "\" r=\"2.6\" cx=\"" + x + "\" cy=\"" + y + "\"/>\n";
    }
    return "<path class=\"" + style + "\" d=\"" + path + "\"/>\n" + dots +
           text(x_of(line.points.back().x) + 6, label_y(line), style, "end", line.label);
  }

  // The label ends at the last point: a reference's below the line, else above, over its whole
  // width.
  double label_y(const Line& line) const {
    const double begin =
        x_of(line.points.back().x) - kLetter * static_cast<double>(line.label.size());
    double highest = y_of(line.points.back().y), lowest = highest;
    for (std::size_t i = line.points.size() - 1; i > 0 && x_of(line.points[i].x) > begin; --i) {
      const Point &a = line.points[i - 1], &b = line.points[i];
      const double reach = std::min(1.0, (x_of(b.x) - begin) / (x_of(b.x) - x_of(a.x)));
      const double y = y_of(b.y + reach * (a.y - b.y));
      highest = std::min(highest, y);
      lowest = std::max(lowest, y);
    }
    return line.is_reference ? lowest + 17 : highest - 9;
  }

  const Panel& panel_;
  double left_, top_, largest_x_ = 0, largest_y_ = 0, step_ = 1;
};

}  // namespace

std::string to_svg(const std::string& title, const std::string& subtitle,
                   const std::vector<Panel>& panels) {
  const std::size_t rows = (panels.size() + kColumns - 1) / kColumns;
  const std::string width = coordinate(kColumns * kPanelWidth + 2 * kMargin);
  const std::string height =
      coordinate(kHeader + static_cast<double>(rows) * kPanelHeight + kMargin);
  std::string out = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + width + " " +
                    height + "\" width=\"" + width + "\" height=\"" + height +
                    "\" role=\"img\">\n<title>" + title + "</title>\n" + kStyle +
                    "<rect class=\"paper\" width=\"100%\" height=\"100%\" rx=\"10\"/>\n" +
                    text(kMargin + 8, 34, "title", "start", title) +
                    text(kMargin + 8, 53, "soft", "start", subtitle);
  for (std::size_t i = 0; i < panels.size(); ++i)
    out += PanelDrawing(panels[i], kMargin + kPanelWidth * static_cast<double>(i % kColumns),
                        kHeader + kPanelHeight * static_cast<double>(i / kColumns))
               .svg();
  return out + "</svg>\n";
}

}  // namespace babelgrad::bench
