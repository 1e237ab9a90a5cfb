// Web pages as single files: what make_page puts where, and that data stays data.
#include <doctest/doctest.h>

#include <string>

#include "babelgrad/apps/web/embedded_files.h"
#include "babelgrad/apps/web/pages.h"
#include "tests/apps/folder.h"

namespace babelgrad::apps {
namespace {

using test::occurrences;

// The contents of <script id="data">.
nlohmann::json data_of(const std::string& html) {
  const std::string begin = R"(<script type="application/json" id="data">)";
  const std::size_t at = html.find(begin) + begin.size();
  return nlohmann::json::parse(html.substr(at, html.find("</script>", at) - at));
}

TEST_CASE("a page is one file with its styles, data and scripts") {
  const nlohmann::json data = {{"models", nlohmann::json::array()}};
  const std::string html = make_page("explain", "je suis étudiant", data);
  CHECK(html.starts_with("<!doctype html>"));
  CHECK(html.find("<title>je suis étudiant</title>") != std::string::npos);
  CHECK(data_of(html) == data);
  CHECK(html.find("{{") == std::string::npos);
  for (const std::string outside : {"<link rel=\"stylesheet\"", " src=", "@import", "https://"})
    CHECK_MESSAGE(html.find(outside) == std::string::npos, outside);
  for (const EmbeddedFile& file : embedded_files()) {
    const bool shared = file.path.starts_with("base/") || file.path.starts_with("components/");
    const bool wanted = shared || file.path.starts_with("explain/");
    if (file.path == "base/page.html") continue;
    CHECK_MESSAGE(occurrences(html, std::string(file.content)) == (wanted ? 1 : 0), file.path);
  }
}

TEST_CASE("markup in a page's data and title stays text") {
  const std::string wicked = "</script><!--<b>&amp;\"'{{title}}{{scripts}}\u2028";
  const std::string html = make_page("explain", wicked, {{"text", wicked}});
  const std::string plain = make_page("explain", "", {{"text", ""}});
  CHECK(data_of(html).at("text") == wicked);
  CHECK(occurrences(html, "</script>") == occurrences(plain, "</script>"));
  CHECK(occurrences(html, "<!--") == 0);
  CHECK(html.find("<title>&lt;/script&gt;&lt;!--&lt;b&gt;&amp;amp;&quot;'") != std::string::npos);
}

TEST_CASE("ill-formed UTF-8 in a page's data becomes U+FFFD") {
  CHECK(data_of(make_page("explain", "",
                          {{"text",
                            "a\xff"
                            "b"}}))
            .at("text") == "a\uFFFDb");
}

TEST_CASE("a page that does not exist") {
  CHECK_THROWS_WITH_AS(make_page("nothing", "", {}), "make_page: no file nothing/main.js",
                       std::invalid_argument);
}

}  // namespace
}  // namespace babelgrad::apps
