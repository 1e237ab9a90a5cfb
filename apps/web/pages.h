// Web pages as single files: no network, no server, readable from disk.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace babelgrad::apps {

// The page in apps/web/PAGE as one HTML document: the styles of base/, components/ and PAGE/,
// `data` as JSON in <script type="application/json" id="data">, and the scripts of the same three
// folders with PAGE/main.js last. Markup in `title` or `data` stays text; ill-formed UTF-8 in
// `data` becomes U+FFFD. Throws std::invalid_argument if there is no such page.
std::string make_page(std::string_view page, std::string_view title, const nlohmann::json& data);

}  // namespace babelgrad::apps
