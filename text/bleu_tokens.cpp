#include "babelgrad/text/bleu_tokens.h"

#include <type_traits>

#include "babelgrad/text/unicode.h"

namespace babelgrad::text {
namespace {

void replace_all(std::string& line, std::string_view from, std::string_view to) {
  for (size_t at = 0; (at = line.find(from, at)) != std::string::npos; at += to.size())
    line.replace(at, from.size(), to);
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_point(char c) { return c == '.' || c == ','; }

// The ASCII symbols that 13a always makes tokens: [{-~[-` -&(-+:-@/].
bool is_symbol(char c) {
  return (c >= '{' && c <= '~') || (c >= '[' && c <= '`') || (c >= ' ' && c <= '&') ||
         (c >= '(' && c <= '+') || (c >= ':' && c <= '@') || c == '/';
}

enum class Space { before, after };

// Each pair of neighbours (a, b) that `matches` becomes "a b", with a space before or after it; as
// with a regular expression, pairs do not overlap and the leftmost comes first. `line` holds bytes
// or code points.
template <class Units, class Matches>
Units space_pairs(const Units& line, const Matches& matches, Space where) {
  using Unit = typename Units::value_type;
  Unit space{};
  if constexpr (std::is_same_v<Unit, char>)
    space = ' ';
  else
    space = " ";
  Units out;
  out.reserve(line.size() + line.size() / 4);
  for (size_t i = 0; i < line.size(); ++i) {
    if (i + 1 == line.size() || !matches(line[i], line[i + 1])) {
      out.push_back(line[i]);
      continue;
    }
    if (where == Space::before) out.push_back(space);
    out.push_back(line[i]);
    out.push_back(space);
    out.push_back(line[++i]);
    if (where == Space::after) out.push_back(space);
  }
  return out;
}

// mteval-v13a.pl as sacreBLEU's tokenizers/tokenizer_13a.py states it.
std::string tokenize_13a(std::string_view text) {
  std::string line(text);
  for (const auto& [from, to] : {std::pair{"<skipped>", ""},
                                 {"-\n", ""},
                                 {"\n", " "},
                                 {"&quot;", "\""},
                                 {"&amp;", "&"},
                                 {"&lt;", "<"},
                                 {"&gt;", ">"}})
    replace_all(line, from, to);
  std::string spaced = " ";
  for (const char c : line) {
    if (is_symbol(c)) {
      ((spaced += ' ') += c) += ' ';
    } else {
      spaced += c;
    }
  }
  spaced += ' ';
  spaced = space_pairs(
      spaced, [](char a, char b) { return !is_digit(a) && is_point(b); }, Space::after);
  spaced = space_pairs(
      spaced, [](char a, char b) { return is_point(a) && !is_digit(b); }, Space::before);
  return space_pairs(
      spaced, [](char a, char b) { return is_digit(a) && b == '-'; }, Space::after);
}

// mteval-v14.pl as sacreBLEU's tokenizers/tokenizer_intl.py states it: punctuation apart unless
// between numbers, symbols always.
std::string tokenize_international(std::string_view text) {
  const auto is = [](const std::string& unit, CharacterKind kind) {
    return character_kind(unit) == kind;
  };
  constexpr auto kNumber = CharacterKind::number, kPunctuation = CharacterKind::punctuation;
  std::vector<std::string> line = code_points(text);
  line = space_pairs(
      line, [&](const auto& a, const auto& b) { return !is(a, kNumber) && is(b, kPunctuation); },
      Space::after);
  line = space_pairs(
      line, [&](const auto& a, const auto& b) { return is(a, kPunctuation) && !is(b, kNumber); },
      Space::before);
  std::string spaced;
  for (const std::string& unit : line)
    spaced += is(unit, CharacterKind::symbol) ? " " + unit + " " : unit;
  return spaced;
}

}  // namespace

std::vector<std::string> bleu_tokens(std::string_view line, BleuTokenizer tokenizer) {
  switch (tokenizer) {
    case BleuTokenizer::mteval_13a:
      return split_whitespace(tokenize_13a(line));
    case BleuTokenizer::international:
      return split_whitespace(tokenize_international(line));
    case BleuTokenizer::character: {
      std::string compact;
      for (const std::string& part : split_whitespace(line)) compact += part;
      return code_points(compact);
    }
    case BleuTokenizer::none:
      break;
  }
  return split_whitespace(line);
}

}  // namespace babelgrad::text
