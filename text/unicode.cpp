#include "babelgrad/text/unicode.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <memory>

#include "babelgrad/text/error.h"

namespace babelgrad::text {
namespace {

// One code point of a string; `value` is -1 where the bytes are not UTF-8 (then `size` is 1).
struct CodePoint {
  int32_t value;
  size_t size;
};

CodePoint code_point_at(std::string_view s, size_t i) {
  const auto byte = static_cast<unsigned char>(s[i]);
  if (byte < 0x80) return {byte, 1};
  utf8proc_int32_t value;
  const auto size = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(s.data()) + i,
                                     static_cast<utf8proc_ssize_t>(s.size() - i), &value);
  return size > 0 ? CodePoint{value, static_cast<size_t>(size)} : CodePoint{-1, 1};
}

void append(std::string& s, int32_t code_point) {
  utf8proc_uint8_t bytes[4];
  const auto size = utf8proc_encode_char(code_point, bytes);
  s.append(reinterpret_cast<const char*>(bytes), static_cast<size_t>(size));
}

// What str.isspace() is true of in Python: bidirectional type WS, B or S, or category Zs.
bool is_space(int32_t c) {
  if (c < 0x80) return (c >= 0x09 && c <= 0x0d) || (c >= 0x1c && c <= 0x20);
  if (utf8proc_category(c) == UTF8PROC_CATEGORY_ZS) return true;
  const auto bidi = utf8proc_get_property(c)->bidi_class;
  return bidi == UTF8PROC_BIDI_CLASS_WS || bidi == UTF8PROC_BIDI_CLASS_B ||
         bidi == UTF8PROC_BIDI_CLASS_S;
}

bool is_digit(int32_t c) { return c >= 0 && utf8proc_category(c) == UTF8PROC_CATEGORY_ND; }

// Letters, marks and numbers; their categories come first in Unicode's list.
bool is_word(int32_t c) {
  if (c < 0) return false;
  const auto category = utf8proc_category(c);
  return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_NO;
}

bool is_apostrophe(int32_t c) { return c == '\'' || c == 0x2019; }

bool is_elided(const std::string& word) {
  static constexpr std::array<std::string_view, 13> kElided = {
      "c", "d", "j", "l", "m", "n", "s", "t", "qu", "jusqu", "lorsqu", "puisqu", "quoiqu"};
  if (word.size() > 6) return false;
  return std::find(kElided.begin(), kElided.end(), lowercase(word)) != kElided.end();
}

// Reads one line for split_words.
class WordSplitter {
 public:
  explicit WordSplitter(std::string_view line) : line_(line) {}

  std::vector<std::string> split() {
    while (at_ < line_.size()) {
      const CodePoint c = code_point_at(line_, at_);
      const size_t next = at_ + c.size;
      if (is_word(c.value)) {
        word_.append(line_, at_, c.size);
        last_ = c.value;
      } else if (!word_.empty() && next < line_.size() && joins(c.value, next)) {
        join(c.value);
      } else {
        finish();
        if (!is_space(c.value)) tokens_.emplace_back(line_.substr(at_, c.size));
      }
      at_ = next;
    }
    finish();
    return std::move(tokens_);
  }

 private:
  // Whether `c`, between a word and the text at `next`, belongs to the word.
  bool joins(int32_t c, size_t next) const {
    const int32_t after = code_point_at(line_, next).value;
    if (c == '.' || c == ',') return is_digit(last_) && is_digit(after);
    return (c == '-' || is_apostrophe(c)) && is_word(after);
  }

  void join(int32_t c) {
    if (is_apostrophe(c)) {
      const bool elided = is_elided(word_);
      word_ += '\'';
      if (elided) finish();
    } else {
      if (c == '-') finish();
      append(word_, c);
    }
  }

  void finish() {
    if (!word_.empty()) tokens_.push_back(std::move(word_));
    word_.clear();
  }

  std::string_view line_;
  size_t at_ = 0;
  std::string word_;
  int32_t last_ = 0;  // the last letter, mark or digit of word_
  std::vector<std::string> tokens_;
};

bool one_of(const std::string& token, std::string_view characters) {
  return token.size() == 1 && characters.find(token[0]) != std::string_view::npos;
}

}  // namespace

void require_valid_utf8(std::string_view line, std::string_view file, size_t line_number) {
  for (size_t i = 0; i < line.size();) {
    const CodePoint c = code_point_at(line, i);
    if (c.value <= 0) {
      throw InputError(std::string(file) + ":" + std::to_string(line_number) +
                       (c.value < 0 ? ": invalid UTF-8 at byte " : ": NUL byte at byte ") +
                       std::to_string(i + 1));
    }
    i += c.size;
  }
}

std::vector<std::string> code_points(std::string_view s) {
  std::vector<std::string> parts;
  parts.reserve(s.size());
  for (size_t i = 0; i < s.size();) {
    const size_t size = code_point_at(s, i).size;
    parts.emplace_back(s.substr(i, size));
    i += size;
  }
  return parts;
}

std::string nfc(std::string_view s) {
  const auto is_ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
  if (std::all_of(s.begin(), s.end(), is_ascii)) return std::string(s);
  utf8proc_uint8_t* bytes = nullptr;
  const auto size = utf8proc_map(
      reinterpret_cast<const utf8proc_uint8_t*>(s.data()), static_cast<utf8proc_ssize_t>(s.size()),
      &bytes, static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(bytes, &std::free);
  if (size < 0) return std::string(s);
  return {reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size)};
}

std::string lowercase(std::string_view s) {
  std::string lower;
  lower.reserve(s.size());
  for (size_t i = 0; i < s.size();) {
    const CodePoint c = code_point_at(s, i);
    if (c.value < 0) {
      lower += s[i];
    } else {
      append(lower, utf8proc_tolower(c.value));
    }
    i += c.size;
  }
  return lower;
}

std::vector<std::string> split_whitespace(std::string_view s) {
  std::vector<std::string> parts;
  size_t start = 0;
  for (size_t i = 0; i < s.size();) {
    const CodePoint c = code_point_at(s, i);
    if (c.value >= 0 && is_space(c.value)) {
      if (i > start) parts.emplace_back(s.substr(start, i - start));
      start = i + c.size;
    }
    i += c.size;
  }
  if (s.size() > start) parts.emplace_back(s.substr(start));
  return parts;
}

std::vector<std::string> split_words(std::string_view s) { return WordSplitter(s).split(); }

std::string join_words(const std::vector<std::string>& tokens) {
  std::string text;
  bool glued = true;  // whether the next token follows without a space
  for (const std::string& token : tokens) {
    const bool hyphenated = token.size() > 1 && token[0] == '-';
    if (!glued && !hyphenated && !one_of(token, ".,;:!?)]}")) text += ' ';
    text += token;
    glued = one_of(token, "([{") || (token.size() > 1 && token.back() == '\'');
  }
  return text;
}

CharacterKind character_kind(std::string_view code_point) {
  if (code_point.empty()) return CharacterKind::other;
  const int32_t c = code_point_at(code_point, 0).value;
  if (c < 0) return CharacterKind::other;
  const auto category = utf8proc_category(c);
  const auto within = [&](int first, int last) { return category >= first && category <= last; };
  if (within(UTF8PROC_CATEGORY_ND, UTF8PROC_CATEGORY_NO)) return CharacterKind::number;
  if (within(UTF8PROC_CATEGORY_PC, UTF8PROC_CATEGORY_PO)) return CharacterKind::punctuation;
  if (within(UTF8PROC_CATEGORY_SM, UTF8PROC_CATEGORY_SO)) return CharacterKind::symbol;
  return CharacterKind::other;
}

size_t display_width(std::string_view s) {
  size_t columns = 0;
  for (const std::string& point : code_points(s)) {
    utf8proc_int32_t code = 0;
    const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(point.data());
    if (utf8proc_iterate(bytes, static_cast<utf8proc_ssize_t>(point.size()), &code) > 0)
      columns += static_cast<size_t>(utf8proc_charwidth(code));
  }
  return columns;
}

}  // namespace babelgrad::text
