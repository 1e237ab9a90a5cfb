// JSON that comes from outside: parsed within a bounded depth, and shown in messages within a
// bounded length. nlohmann-json copies and prints values recursively, so an unbounded depth would
// overflow the stack. Nothing else in the program calls Json::parse (scripts/check_includes.sh).
//
// For .cpp files; Json is nlohmann::json or nlohmann::ordered_json.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace babelgrad {

inline constexpr std::size_t kMaxJsonDepth = 64;  // lists and objects within each other

// A text that is not taken: "not valid JSON at byte 17", "nested deeper than 64 levels", "a number
// is too large". Whoever catches it says what text that is.
class JsonError : public nlohmann::json::exception {
 public:
  explicit JsonError(const std::string& what) : exception(0, what.c_str()) {}
};

// How deep a JSON text nests lists and objects. Of a text that is no JSON, at least as deep as a
// parser would come before it finds out.
std::size_t json_depth(std::string_view text);

// At most 60 bytes of a text and "..." for the rest, cut at a code point if it is UTF-8.
std::string shortened(const std::string& text);

// Throws JsonError.
template <class Json>
Json parse_json(std::string_view text) {
  if (json_depth(text) > kMaxJsonDepth)
    throw JsonError("nested deeper than " + std::to_string(kMaxJsonDepth) + " levels");
  try {
    return Json::parse(text.begin(), text.end());
  } catch (const typename Json::parse_error& error) {
    throw JsonError("not valid JSON at byte " + std::to_string(error.byte));
  } catch (const typename Json::out_of_range&) {
    throw JsonError("a number is too large");
  }
}

// A value as a message shows it: `17`, `"big"`, `"a string that is too lo...`, `a list of size 3`,
// `an object of size 2`.
template <class Json>
std::string shown(const Json& value) {
  if (value.is_array()) return "a list of size " + std::to_string(value.size());
  if (value.is_object()) return "an object of size " + std::to_string(value.size());
  return shortened(value.dump(-1, ' ', false, Json::error_handler_t::replace));
}

}  // namespace babelgrad
