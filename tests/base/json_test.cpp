// JSON from outside: how deep it may be, and what a message shows of it.
#include "babelgrad/base/json.h"

#include <doctest/doctest.h>

namespace babelgrad {
namespace {

using Json = nlohmann::json;

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

TEST_CASE("the depth of a text") {
  const std::vector<std::pair<std::string, std::size_t>> rows{{"", 0},
                                                              {"7", 0},
                                                              {"[]", 1},
                                                              {"[[], {}, [[]]]", 3},
                                                              {R"({"a": {"b": [1]}})", 3},
                                                              {R"("[[[")", 0},
                                                              {R"(["\"[[", "\\", [1], "]]"])", 2},
                                                              {"[[[", 3},
                                                              {"]]]]{", 1},
                                                              {"\"[", 0},
                                                              {"\"\\", 0}};
  for (const auto& row : rows) {
    CAPTURE(row.first);
    CHECK(json_depth(row.first) == row.second);
  }
}

std::string parse_error_of(const std::string& text) {
  try {
    parse_json<Json>(text);
  } catch (const JsonError& error) {
    return error.what();
  }
  return "";
}

TEST_CASE("what is parsed, and what is not") {
  CHECK(parse_json<Json>(R"({"a": [1, "x"]})") == Json{{"a", {1, "x"}}});
  CHECK(parse_error_of(nested(kMaxJsonDepth)) == "");
  CHECK(parse_error_of(nested(kMaxJsonDepth + 1)) == "nested deeper than 64 levels");
  CHECK(parse_error_of(nested(10000000)) == "nested deeper than 64 levels");
  CHECK(parse_error_of(std::string(10000000, '{')) == "nested deeper than 64 levels");
  CHECK(parse_error_of("[1,]") == "not valid JSON at byte 4");
  CHECK(parse_error_of("[\"\xff\"]") == "not valid JSON at byte 3");
  CHECK(parse_error_of("1e999") == "a number is too large");
  CHECK_THROWS_AS(parse_json<Json>("["), Json::exception);  // what callers of all kinds catch
}

TEST_CASE("values as messages show them") {
  CHECK(shown(Json(17)) == "17");
  CHECK(shown(Json("big")) == "\"big\"");
  CHECK(shown(Json(nullptr)) == "null");
  CHECK(shown(Json(std::string(100, 'a'))) == "\"" + std::string(59, 'a') + "...");
  CHECK(shown(Json(std::string(58, 'a') + "\xc3\xa9")) == "\"" + std::string(58, 'a') + "...");
  CHECK(shown(Json{1, 2, 3}) == "a list of size 3");
  CHECK(shown(Json{{"a", 1}}) == "an object of size 1");
  CHECK(shown(nlohmann::ordered_json("\xff")) == "\"\xef\xbf\xbd\"");
}

}  // namespace
}  // namespace babelgrad
