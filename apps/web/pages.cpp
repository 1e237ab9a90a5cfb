#include "babelgrad/apps/web/pages.h"

#include <stdexcept>

#include "babelgrad/apps/web/embedded_files.h"

namespace babelgrad::apps {
namespace {

std::string_view embedded(std::string_view path) {
  for (const EmbeddedFile& file : embedded_files())
    if (file.path == path) return file.content;
  throw std::invalid_argument("make_page: no file " + std::string(path));
}

// The contents of all FOLDER/*SUFFIX but `last`, each between the two tags.
std::string elements(std::string_view folder, std::string_view suffix, std::string_view tag,
                     std::string_view last = {}) {
  std::string text;
  for (const EmbeddedFile& file : embedded_files()) {
    const bool inside = file.path.starts_with(std::string(folder) + "/");
    if (!inside || !file.path.ends_with(suffix) || file.path == last) continue;
    text.append("<").append(tag).append(">\n").append(file.content);
    text.append("</").append(tag).append(">\n");
  }
  return text;
}

std::string escaped_html(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

// In JSON a "<" occurs within strings only, where it may be written \u003c: so neither </script>
// nor
// <!-- can end or change the element around it.
std::string escaped_json(const nlohmann::json& data) {
  const std::string text = data.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  std::string escaped;
  escaped.reserve(text.size());
  for (const char c : text) {
    if (c == '<')
      escaped += "\\u003c";
    else
      escaped += c;
  }
  return escaped;
}

// `text` with the one place {{name}} filled in.
void fill(std::string& text, std::string_view name, std::string_view value) {
  const std::string place = "{{" + std::string(name) + "}}";
  text.replace(text.find(place), place.size(), value);
}

}  // namespace

std::string make_page(std::string_view page, std::string_view title, const nlohmann::json& data) {
  const std::string main_path = std::string(page) + "/main.js";
  const std::string_view main_script = embedded(main_path);
  std::string html(embedded("base/page.html"));
  fill(html, "scripts",
       elements("base", ".js", "script") + elements("components", ".js", "script") +
           elements(page, ".js", "script", main_path) + "<script>\n" + std::string(main_script) +
           "</script>\n");
  fill(html, "data", escaped_json(data));
  fill(html, "styles",
       elements("base", ".css", "style") + elements("components", ".css", "style") +
           elements(page, ".css", "style"));
  fill(html, "title", escaped_html(title));
  return html;
}

}  // namespace babelgrad::apps
