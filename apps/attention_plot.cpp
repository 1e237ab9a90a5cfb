#include "babelgrad/apps/attention_plot.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>

#include "babelgrad/apps/commands.h"
#include "babelgrad/apps/external_program.h"
#include "babelgrad/base/files.h"
#include "babelgrad/text/unicode.h"

namespace babelgrad::apps {
namespace {

constexpr double kFaintest = 0.005;        // weights below it leave no mark
constexpr double kShownAsNumber = 0.05;    // in cells that are large enough
constexpr std::size_t kLongestLabel = 24;  // columns
constexpr double kMargin = 24;             // px, as all lengths of the picture
constexpr double kLargestBitmap = 8192;    // a side of the PNG

const ExternalProgram kRasterizer{"rsvg-convert", "librsvg2-bin"};

std::string number(const char* format, double value) {
  char text[32];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

std::string px(double length) {
  const std::string text = number("%.1f", length);
  return text.ends_with(".0") ? text.substr(0, text.size() - 2) : text;
}

// The sequential scale of the web pages (apps/web/base/theme.css, light): nothing, half, all.
std::string colour(double weight) {
  static constexpr std::array<std::array<double, 3>, 3> kStops{
      {{241, 239, 233}, {106, 165, 214}, {13, 74, 134}}};
  const double at = std::clamp(weight, 0.0, 1.0) * 2;
  const auto left = std::min<std::size_t>(1, static_cast<std::size_t>(at));
  const double share = at - static_cast<double>(left);
  std::array<int, 3> rgb;
  for (std::size_t i = 0; i < 3; ++i)
    rgb[i] = static_cast<int>(
        std::lround(kStops[left][i] + share * (kStops[left + 1][i] - kStops[left][i])));
  char text[8];
  std::snprintf(text, sizeof text, "#%02x%02x%02x", rgb[0], rgb[1], rgb[2]);
  return text;
}

// One code point as XML text; what XML cannot hold or nobody can see gets a visible stand-in.
std::string visible(const std::string& code_point) {
  const auto byte = static_cast<unsigned char>(code_point[0]);
  if (code_point == "&") return "&amp;";
  if (code_point == "<") return "&lt;";
  if (code_point == ">") return "&gt;";
  if (code_point == " ") return "\u2423";
  if (code_point == "▁") return "<tspan fill=\"#b5b2aa\">▁</tspan>";  // SentencePiece's space
  if (byte < 0x20)
    return std::string("\xE2\x90") + static_cast<char>(0x80 + byte);  // U+2400 + byte
  const bool stray_byte = code_point.size() == 1 && byte >= 0x7F;
  if (stray_byte || code_point == "\uFFFE" || code_point == "\uFFFF") return "\uFFFD";
  return code_point;
}

struct Label {
  std::string xml;
  std::size_t columns = 0;  // width in columns of a terminal
};

Label label_of(const std::string& token) {
  Label label;
  for (const std::string& code_point : text::code_points(token)) {
    const std::size_t width = text::display_width(code_point);
    if (label.columns + width > kLongestLabel) {
      label.xml += "…";
      ++label.columns;
      break;
    }
    label.xml += visible(code_point);
    label.columns += width;
  }
  return label;
}

std::vector<Label> labels_of(const std::vector<std::string>& tokens) {
  std::vector<Label> labels;
  for (const std::string& token : tokens) labels.push_back(label_of(token));
  return labels;
}

// Where things are. Cells and letters shrink as the matrix grows.
struct Layout {
  Layout(const std::vector<Label>& source, const std::vector<Label>& target)
      : columns(source.size()), rows(target.size()) {
    cell = std::clamp(1600.0 / static_cast<double>(std::max(rows, columns)), 8.0, 34.0);
    font = std::min(14.0, cell * 0.75);
    double label_width = 0, label_height = 0, right = 0;
    for (const Label& label : target) label_width = std::max(label_width, text_width(label));
    for (std::size_t s = 0; s < columns; ++s) {  // slanted by 45 degrees
      const double reach = (text_width(source[s]) + font) * std::sqrt(0.5);
      label_height = std::max(label_height, reach);
      right = std::max(right, column(s) + cell / 2 + reach);
    }
    left = kMargin + label_width + 10;
    top = kMargin + label_height + 10;
    width = left + std::max({right, column(columns), 150.0}) + kMargin;
    height = top + row(rows) + 52;
  }

  double text_width(const Label& label) const {
    return 0.64 * font * static_cast<double>(label.columns);
  }
  double column(std::size_t s) const { return cell * static_cast<double>(s); }
  double row(std::size_t t) const { return cell * static_cast<double>(t); }

  std::size_t columns, rows;
  double cell, font;     // side of a cell, height of letters
  double left, top;      // of the matrix
  double width, height;  // of the picture
};

std::string svg_labels(const Layout& layout, const std::vector<Label>& source,
                       const std::vector<Label>& target) {
  std::string svg = "<g font-size=\"" + px(layout.font) + "\">\n";
  for (std::size_t s = 0; s < source.size(); ++s)
    svg += "<text transform=\"translate(" +
           px(layout.column(s) + layout.cell / 2 + layout.font * 0.3) + " -8) rotate(-45)\">" +
           source[s].xml + "</text>\n";
  for (std::size_t t = 0; t < target.size(); ++t)
    svg += "<text x=\"-10\" y=\"" + px(layout.row(t) + layout.cell / 2 + layout.font * 0.35) +
           "\" text-anchor=\"end\">" + target[t].xml + "</text>\n";
  return svg + "</g>\n";
}

std::string svg_cells(const Layout& layout, const std::vector<std::vector<float>>& weights) {
  const std::string side = px(layout.cell);
  const bool numbers = layout.cell >= 28;
  std::string cells, texts;
  for (std::size_t t = 0; t < layout.rows; ++t)
    for (std::size_t s = 0; s < layout.columns; ++s) {
      const double weight = weights[t][s];
      if (!(weight >= kFaintest)) continue;
      const double x = layout.column(s), y = layout.row(t);
      cells += "<rect x=\"" + px(x) + "\" y=\"" + px(y) + "\" width=\"" + side + "\" height=\"" +
               side + "\" fill=\"" + colour(weight) + "\"/>\n";
      if (!numbers || weight < kShownAsNumber) continue;
      const std::string shown = weight >= 0.995 ? "1" : number("%.2f", weight).substr(1);
      texts += "<text x=\"" + px(x + layout.cell / 2) + "\" y=\"" + px(y + layout.cell / 2 + 4) +
               "\"" + (weight > 0.45 ? " fill=\"#fff\"" : "") + ">" + shown + "</text>\n";
    }
  std::string lines;
  for (std::size_t s = 1; s < layout.columns; ++s)
    lines += "M" + px(layout.column(s)) + " 0v" + px(layout.row(layout.rows));
  for (std::size_t t = 1; t < layout.rows; ++t)
    lines += "M0 " + px(layout.row(t)) + "h" + px(layout.column(layout.columns));
  return "<rect width=\"" + px(layout.column(layout.columns)) + "\" height=\"" +
         px(layout.row(layout.rows)) + "\" fill=\"" + colour(0) + "\"/>\n" + cells + "<path d=\"" +
         lines + "\" stroke=\"#fff\" stroke-width=\"" + px(layout.cell / 20) +
         "\"/>\n<g font-size=\"11\" text-anchor=\"middle\">\n" + texts + "</g>\n";
}

// What the colours mean, below the matrix.
std::string svg_legend(const Layout& layout) {
  const std::string y = px(layout.row(layout.rows) + 24);
  std::string svg = "<g transform=\"translate(0 " + y + ")\" font-size=\"11\" fill=\"#5c5f69\">\n";
  svg += "<defs><linearGradient id=\"scale\">";
  for (const double stop : {0.0, 0.5, 1.0})
    svg += "<stop offset=\"" + px(stop) + "\" stop-color=\"" + colour(stop) + "\"/>";
  svg += "</linearGradient></defs>\n";
  svg += "<text x=\"0\" y=\"9\">weight 0</text>\n";
  svg += "<rect x=\"54\" width=\"80\" height=\"10\" rx=\"2\" fill=\"url(#scale)\"/>\n";
  return svg + "<text x=\"140\" y=\"9\">1</text>\n</g>\n";
}

struct Picture {
  std::string svg;
  double width, height;
};

Picture draw(const std::vector<std::string>& source, const std::vector<std::string>& target,
             const std::vector<std::vector<float>>& weights) {
  const std::vector<Label> source_labels = labels_of(source), target_labels = labels_of(target);
  const Layout layout(source_labels, target_labels);
  const std::string width = px(layout.width), height = px(layout.height);
  std::string svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + width + "\" height=\"" +
                    height + "\" viewBox=\"0 0 " + width + " " + height +
                    "\" font-family=\"system-ui, 'Noto Sans', 'DejaVu Sans', sans-serif\" "
                    "fill=\"#22242a\">\n<title>Attention weights: a row a target token, a column a "
                    "source token</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
                    "<g transform=\"translate(" +
                    px(layout.left) + " " + px(layout.top) + ")\">\n";
  svg += svg_labels(layout, source_labels, target_labels) + svg_cells(layout, weights) +
         svg_legend(layout) + "</g>\n</svg>\n";
  return {std::move(svg), layout.width, layout.height};
}

// Twice the size in CSS pixels, for sharp text, unless that is too large for a bitmap.
std::string to_png(const Picture& picture) {
  const double zoom = std::min(2.0, kLargestBitmap / std::max(picture.width, picture.height));
  return run_filter(kRasterizer, {"--unlimited", "--zoom", number("%.6f", zoom)}, picture.svg);
}

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + "\"";
}

}  // namespace

std::string attention_svg(const std::vector<std::string>& source,
                          const std::vector<std::string>& target,
                          const std::vector<std::vector<float>>& weights) {
  return draw(source, target, weights).svg;
}

std::string attention_csv(const std::vector<std::string>& source,
                          const std::vector<std::string>& target,
                          const std::vector<std::vector<float>>& weights) {
  std::string csv = "target";
  for (const std::string& token : source) csv += "," + csv_field(token);
  csv += "\n";
  for (std::size_t t = 0; t < target.size(); ++t) {
    csv += csv_field(target[t]);
    for (const float weight : weights[t]) {
      char text[32];
      csv += ",";
      csv.append(text, std::to_chars(text, text + sizeof text, weight).ptr);
    }
    csv += "\n";
  }
  return csv;
}

AttentionPlots::AttentionPlots(std::filesystem::path folder) : folder_(std::move(folder)) {
  run_filter(kRasterizer, {"--version"}, "");
  std::error_code error;
  std::filesystem::create_directories(folder_, error);
  if (!std::filesystem::is_directory(folder_))
    throw UsageError(folder_.string() + ": cannot be made a folder" +
                     (error ? " (" + error.message() + ")" : ""));
}

void AttentionPlots::write(std::size_t line, const Translation& translation) const {
  if (translation.target_tokens.empty()) return;
  char name[32];
  std::snprintf(name, sizeof name, "%06zu", line);
  const std::filesystem::path path = folder_ / name;
  const std::vector<std::vector<float>>& weights = translation.hypothesis.weights;
  const Picture picture = draw(translation.source_tokens, translation.target_tokens, weights);
  write_file(path.string() + ".svg", picture.svg);
  write_file(path.string() + ".png", to_png(picture));
  write_file(path.string() + ".csv",
             attention_csv(translation.source_tokens, translation.target_tokens, weights));
}

}  // namespace babelgrad::apps
