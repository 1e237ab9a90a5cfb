// Word alignments in Pharaoh format ("0-0 1-2": source position, hyphen, target position, from 0),
// and the alignment error rate.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace babelgrad::text {

// Links (source position, target position), sorted, without duplicates.
using Alignment = std::vector<std::pair<size_t, size_t>>;

// Throws InputError "gold.align:12: expected links like 0-1, found '3-'". An empty line is an
// alignment without links.
Alignment parse_alignment(std::string_view line, std::string_view file, size_t line_number);

// The line that parse_alignment reads: "0-0 1-2".
std::string format_alignment(const Alignment& alignment);

// One alignment a line; errors as read_lines and parse_alignment.
std::vector<Alignment> read_alignments(const std::filesystem::path& path);

// Throws InputError "gold.align:12: no such words: link 2-1 of 2 source and 2 target words".
void require_within(const Alignment& links, size_t source_words, size_t target_words,
                    std::string_view file, size_t line_number);

// AER (Och and Ney 2003) over a corpus with every gold link sure:
// 1 - 2 |A and S| / (|A| + |S|), 0 (perfect) to 1; 0 if neither side has a link. The order of the
// links and duplicates do not matter. Throws std::invalid_argument unless both have as many
// sentences.
double alignment_error_rate(const std::vector<Alignment>& predicted,
                            const std::vector<Alignment>& gold);

}  // namespace babelgrad::text
