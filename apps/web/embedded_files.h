// The files of apps/web as they were when the program was built.
#pragma once

#include <string_view>
#include <vector>

namespace babelgrad::apps {

struct EmbeddedFile {
  std::string_view path;  // relative to apps/web, e.g. "components/heat_map.js"
  std::string_view content;
};

// Sorted by path.
const std::vector<EmbeddedFile>& embedded_files();

}  // namespace babelgrad::apps
