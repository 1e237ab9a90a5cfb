#include "babelgrad/text/alignment.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <stdexcept>

#include "babelgrad/text/corpus.h"
#include "babelgrad/text/error.h"
#include "babelgrad/text/unicode.h"

namespace babelgrad::text {
namespace {

// Reads "3-1"; false if `link` is anything else.
bool parse_link(std::string_view link, std::pair<size_t, size_t>& parsed) {
  const char* end = link.data() + link.size();
  const auto source = std::from_chars(link.data(), end, parsed.first);
  if (source.ec != std::errc() || source.ptr == end || *source.ptr != '-') return false;
  const auto target = std::from_chars(source.ptr + 1, end, parsed.second);
  return target.ec == std::errc() && target.ptr == end;
}

void sort_links(Alignment& alignment) {
  std::sort(alignment.begin(), alignment.end());
  alignment.erase(std::unique(alignment.begin(), alignment.end()), alignment.end());
}

}  // namespace

Alignment parse_alignment(std::string_view line, std::string_view file, size_t line_number) {
  Alignment alignment;
  for (const std::string& link : split_whitespace(line)) {
    std::pair<size_t, size_t> parsed;
    if (!parse_link(link, parsed)) {
      throw InputError(std::string(file) + ":" + std::to_string(line_number) +
                       ": expected links like 0-1, found '" + link + "'");
    }
    alignment.push_back(parsed);
  }
  sort_links(alignment);
  return alignment;
}

std::string format_alignment(const Alignment& alignment) {
  std::string line;
  for (const auto& [source, target] : alignment)
    line += (line.empty() ? "" : " ") + std::to_string(source) + "-" + std::to_string(target);
  return line;
}

std::vector<Alignment> read_alignments(const std::filesystem::path& path) {
  std::vector<Alignment> alignments;
  for (const std::string& line : read_lines(path))
    alignments.push_back(parse_alignment(line, path.string(), alignments.size() + 1));
  return alignments;
}

void require_within(const Alignment& links, size_t source_words, size_t target_words,
                    std::string_view file, size_t line_number) {
  for (const auto& [s, t] : links)
    if (s >= source_words || t >= target_words)
      throw InputError(std::string(file) + ":" + std::to_string(line_number) +
                       ": no such words: link " + std::to_string(s) + "-" + std::to_string(t) +
                       " of " + std::to_string(source_words) + " source and " +
                       std::to_string(target_words) + " target words");
}

double alignment_error_rate(const std::vector<Alignment>& predicted,
                            const std::vector<Alignment>& gold) {
  if (predicted.size() != gold.size()) {
    throw std::invalid_argument("alignment_error_rate: " + std::to_string(predicted.size()) +
                                " predicted alignments, but " + std::to_string(gold.size()) +
                                " gold ones");
  }
  size_t links = 0, common = 0;  // |A| + |S|, |A and S|
  for (size_t i = 0; i < gold.size(); ++i) {
    Alignment a = predicted[i], s = gold[i], both;
    sort_links(a);
    sort_links(s);
    std::set_intersection(a.begin(), a.end(), s.begin(), s.end(), std::back_inserter(both));
    links += a.size() + s.size();
    common += both.size();
  }
  if (links == 0) return 0;
  return 1 - 2 * static_cast<double>(common) / static_cast<double>(links);
}

}  // namespace babelgrad::text
