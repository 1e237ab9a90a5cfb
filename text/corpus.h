// Parallel text: reading it from two aligned files or one TSV file, and holding part of it out.
//
// Files are UTF-8, with or without a byte order mark, with LF or CRLF line ends; the last line may
// lack its line end. A line may be of any length: token limits are applied in batches.h. Every
// problem with a file is an InputError of one sentence that names it:
//   "a.fr: no such file"                      "a.fr: is a directory, not a file"
//   "a.fr: is empty"                          "a.fr:12: invalid UTF-8 at byte 7"
//   "a.fr:12: NUL byte at byte 7"             "a.tsv:12: no tab between source and target"
//   "a.fr has 12 lines, but b.en has 11; they must match line by line"
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "babelgrad/text/alignment.h"

namespace babelgrad::text {

// Sentence pairs: source[i] is a line that target[i] translates.
struct Corpus {
  std::vector<std::string> source;
  std::vector<std::string> target;
  std::vector<Alignment> alignments = {};  // of the words of each pair; empty: not known
  size_t size() const { return source.size(); }
  // Moves pair i of `from` to the end.
  void take(Corpus& from, size_t i);
};

// The lines of a file without their line ends; empty lines are kept.
std::vector<std::string> read_lines(const std::filesystem::path& path);

// Throws the last of the errors above unless both files have as many lines. of_a: what a holds, if
// not lines.
void require_aligned(const std::filesystem::path& a, size_t lines_of_a,
                     const std::filesystem::path& b, size_t lines_of_b,
                     const std::string& of_a = "lines");

// Two files whose lines correspond.
Corpus read_parallel(const std::filesystem::path& source_path,
                     const std::filesystem::path& target_path);

// A line a pair: source, tab, target. Further columns (the attribution in Tatoeba's exports) are
// ignored.
Corpus read_tsv(const std::filesystem::path& path);

// Takes pairs out of `corpus` for validation and returns them; both parts keep their order. Pairs
// with an identical source always stay together, so that no validation source is trained on; hence
// at most `count` pairs are taken, and fewer only if groups do not fit. The choice depends on
// `seed` and the corpus alone, on every machine. Throws InputError unless count < corpus.size():
// "cannot hold out 500 of 300 pairs for validation".
Corpus split_off(Corpus& corpus, size_t count, uint64_t seed);

}  // namespace babelgrad::text
