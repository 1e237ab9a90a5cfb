// Attention weights as files: pictures for papers (SVG, PNG), numbers for other tools (CSV).
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "babelgrad/models/folder/translator.h"

namespace babelgrad::apps {

// A row a target token, a column a source token, on a light background. Weights below 0.005
// leave no mark, so that a long sentence makes a small file.
// weights: [target][source], 0 to 1.
std::string attention_svg(const std::vector<std::string>& source,
                          const std::vector<std::string>& target,
                          const std::vector<std::vector<float>>& weights);

// The same matrix: a header row "target" and the source tokens, then a row a target token: the
// token and its weights, in the shortest form that reads back as the same float. Fields are quoted
// as RFC 4180 says; lines end with "\n".
std::string attention_csv(const std::vector<std::string>& source,
                          const std::vector<std::string>& target,
                          const std::vector<std::vector<float>>& weights);

// A folder with three files a sentence, named by its line: 000001.svg, 000001.png, 000001.csv.
class AttentionPlots {
 public:
  // Makes the folder unless it is there. Throws UsageError if it cannot be made, or if the program
  // that makes the PNG files is missing.
  explicit AttentionPlots(std::filesystem::path folder);

  // line: from 1. Replaces files of the same names; writes none for an empty translation.
  // Thread-safe.
  void write(std::size_t line, const Translation& translation) const;

 private:
  std::filesystem::path folder_;
};

}  // namespace babelgrad::apps
