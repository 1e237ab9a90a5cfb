// UTF-8 text: validation, code points, lower-casing and splitting into words.
// The Unicode tables are utf8proc's. All functions are pure and thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace babelgrad::text {

// What some programs begin a text with; no part of its first word.
inline constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

// Throws InputError unless `line` is well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates)
// without NUL bytes. The message names the first offending byte, counted from 1 in the line:
// "corpus.fr:12: invalid UTF-8 at byte 7" or "corpus.fr:12: NUL byte at byte 7".
void require_valid_utf8(std::string_view line, std::string_view file, size_t line_number);

// The code points of `s`, each as its own UTF-8 string. A byte that starts no valid code point is
// returned as a string of that one byte, so that joining the parts always gives `s` back.
std::vector<std::string> code_points(std::string_view s);

// What Unicode's general category of a code point says, as far as tokenizers ask: N, P, S or else.
enum class CharacterKind { number, punctuation, symbol, other };
// `code_point` is one, as code_points() gives it; what is none is other.
CharacterKind character_kind(std::string_view code_point);

// Columns that `s` takes in a terminal: 2 for wide characters, 0 for combining ones.
size_t display_width(std::string_view s);

// `s` with characters that Unicode can write in several ways written in one, composed where it can
// be ("e" and a combining accent become "é"): normalization form C. Text that is not UTF-8 comes
// back as it is.
std::string nfc(std::string_view s);

// `s` with each code point mapped to its simple lower case (no locale: I -> i).
std::string lowercase(std::string_view s);

// Splits at Unicode white space exactly as Python's str.split() does (this includes the no-break
// spaces U+00A0 and U+202F, which French puts before "?" and "!"); no empty parts.
std::vector<std::string> split_whitespace(std::string_view s);

// A simple splitter for raw text. A word is a run of letters, digits and marks; every other
// character that is not white space is a token of its own. Inside a word:
//   - an apostrophe (' or U+2019, always given back as ') that follows an elided French word
//     (c d j l m n s t qu jusqu lorsqu puisqu quoiqu) ends the token: "l'eau" -> "l'" "eau";
//     after anything else it stays inside: "don't", "aujourd'hui", "o'clock";
//   - a hyphen starts a new token that keeps it: "parlez-vous" -> "parlez" "-vous";
//   - a point or comma between two digits stays inside: "3.14", "1,000".
// Inverse (up to white space): join_words.
std::vector<std::string> split_words(std::string_view s);

// Joins the tokens of split_words into readable text: one space between tokens, but none after an
// elision ("l'"), before a hyphenated part ("-vous"), before . , ; : ! ? ) ] } or after ( [ {.
std::string join_words(const std::vector<std::string>& tokens);

}  // namespace babelgrad::text
