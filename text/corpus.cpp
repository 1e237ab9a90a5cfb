#include "babelgrad/text/corpus.h"

#include <string_view>
#include <unordered_map>
#include <utility>

#include "babelgrad/text/error.h"
#include "babelgrad/text/files.h"
#include "babelgrad/text/shuffle.h"
#include "babelgrad/text/unicode.h"

namespace babelgrad::text {

std::vector<std::string> read_lines(const std::filesystem::path& path) {
  const std::string bytes = read_file(path);
  std::string_view rest = bytes;
  if (rest.starts_with(kByteOrderMark)) rest.remove_prefix(kByteOrderMark.size());
  if (rest.empty()) throw InputError(path.string() + ": is empty");

  std::vector<std::string> lines;
  while (!rest.empty()) {
    const size_t end = rest.find('\n');
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    require_valid_utf8(line, path.string(), lines.size() + 1);
    lines.emplace_back(line);
  }
  return lines;
}

void require_aligned(const std::filesystem::path& a, size_t lines_of_a,
                     const std::filesystem::path& b, size_t lines_of_b, const std::string& of_a) {
  if (lines_of_a == lines_of_b) return;
  throw InputError(a.string() + " has " + std::to_string(lines_of_a) + " " + of_a + ", but " +
                   b.string() + " has " + std::to_string(lines_of_b) +
                   (of_a == "lines" ? "" : " lines") + "; they must match line by line");
}

Corpus read_parallel(const std::filesystem::path& source_path,
                     const std::filesystem::path& target_path) {
  Corpus corpus{read_lines(source_path), read_lines(target_path)};
  require_aligned(source_path, corpus.source.size(), target_path, corpus.target.size());
  return corpus;
}

Corpus read_tsv(const std::filesystem::path& path) {
  Corpus corpus;
  for (const std::string& line : read_lines(path)) {
    const size_t tab = line.find('\t');
    if (tab == std::string::npos) {
      throw InputError(path.string() + ":" + std::to_string(corpus.size() + 1) +
                       ": no tab between source and target");
    }
    const size_t end = line.find('\t', tab + 1);
    corpus.source.push_back(line.substr(0, tab));
    corpus.target.push_back(line.substr(tab + 1, end == std::string::npos ? end : end - tab - 1));
  }
  return corpus;
}

void Corpus::take(Corpus& from, size_t i) {
  source.push_back(std::move(from.source[i]));
  target.push_back(std::move(from.target[i]));
  if (!from.alignments.empty()) alignments.push_back(std::move(from.alignments[i]));
}

Corpus split_off(Corpus& corpus, size_t count, uint64_t seed) {
  if (count >= corpus.size()) {
    throw InputError("cannot hold out " + std::to_string(count) + " of " +
                     std::to_string(corpus.size()) + " pairs for validation");
  }
  std::vector<std::vector<size_t>> groups;  // pairs with the same source
  std::unordered_map<std::string_view, size_t> group_of;
  for (size_t i = 0; i < corpus.size(); ++i) {
    const auto [found, is_new] = group_of.emplace(corpus.source[i], groups.size());
    if (is_new) groups.emplace_back();
    groups[found->second].push_back(i);
  }
  SplitMix64 random = generator(seed, 0);
  shuffle(groups, random);

  std::vector<bool> held_out(corpus.size(), false);
  size_t left = count;
  for (const auto& group : groups) {
    if (group.size() > left) continue;
    left -= group.size();
    for (const size_t i : group) held_out[i] = true;
  }
  Corpus kept, taken;
  for (size_t i = 0; i < corpus.size(); ++i) (held_out[i] ? taken : kept).take(corpus, i);
  corpus = std::move(kept);
  return taken;
}

}  // namespace babelgrad::text
