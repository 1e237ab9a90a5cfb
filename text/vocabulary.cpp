#include "babelgrad/text/vocabulary.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cinttypes>
#include <cstdio>
#include <optional>
#include <stdexcept>
#include <utility>

#include "babelgrad/base/files.h"
#include "babelgrad/base/hash.h"
#include "babelgrad/text/error.h"
#include "babelgrad/text/files.h"
#include "babelgrad/text/unicode.h"

namespace babelgrad::text {
namespace {

constexpr std::array<const char*, kSpecials> kSpecialNames = {"<pad>", "<unk>", "<s>", "</s>"};

// What stands after the backslash, and for which character.
constexpr std::array<std::pair<char, char>, 5> kEscapes = {
    {{'\\', '\\'}, {'t', '\t'}, {'n', '\n'}, {'r', '\r'}, {'s', ' '}}};

std::string escaped(const std::string& token) {
  std::string out;
  for (const char c : token) {
    const auto* escape = std::find_if(kEscapes.begin(), kEscapes.end(),
                                      [&](const auto& e) { return e.second == c; });
    if (escape == kEscapes.end()) {
      out += c;
    } else {
      (out += '\\') += escape->first;
    }
  }
  return out;
}

// Nothing unless `written` is what escaped() gives for a token.
std::optional<std::string> unescaped(std::string_view written) {
  std::string token;
  for (size_t i = 0; i < written.size(); ++i) {
    if (written[i] != '\\') {
      token += written[i];
      continue;
    }
    if (++i == written.size()) return std::nullopt;
    const auto* escape = std::find_if(kEscapes.begin(), kEscapes.end(),
                                      [&](const auto& e) { return e.first == written[i]; });
    if (escape == kEscapes.end()) return std::nullopt;
    token += escape->second;
  }
  if (token.empty() || escaped(token) != written) return std::nullopt;
  return token;
}

std::string header(size_t size, uint64_t sum) {
  char line[96];
  std::snprintf(line, sizeof line, "#babelgrad-vocabulary 1 size=%zu checksum=%016" PRIx64 "\n",
                size, sum);
  return line;
}

// A vocabulary file as it is read, line by line.
class Reader {
 public:
  Reader(std::string_view text, std::string file) : rest_(text), file_(std::move(file)) {}

  bool done() const { return rest_.empty(); }
  size_t line_number() const { return line_number_; }

  // The next line, without its end.
  std::string_view next() {
    ++line_number_;
    const size_t end = rest_.find('\n');
    const std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
    return line;
  }

  [[noreturn]] void fail(const std::string& what) const {
    throw InputError(file_ + ":" + std::to_string(line_number_) + ": " + what);
  }

  // The size and checksum of the header.
  std::pair<size_t, uint64_t> read_header() {
    const std::string line(next());
    size_t size = 0;
    uint64_t sum = 0;
    const int found = std::sscanf(
        line.c_str(), "#babelgrad-vocabulary 1 size=%zu checksum=%" SCNx64, &size, &sum);
    if (found != 2 || header(size, sum) != line + "\n") fail("not a vocabulary file of version 1");
    return {size, sum};
  }

  std::pair<std::string, uint64_t> read_token() {
    const std::string_view line = next();
    require_valid_utf8(line, file_, line_number_);
    const size_t tab = line.find('\t');
    auto token = unescaped(line.substr(0, tab));
    if (tab == std::string_view::npos || !token) fail("expected token, tab, frequency");
    const std::string_view digits = line.substr(tab + 1);
    uint64_t frequency = 0;
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), frequency);
    if (error != std::errc() || end != digits.data() + digits.size() ||
        std::to_string(frequency) != digits)
      fail("the frequency is not a number");
    return {std::move(*token), frequency};
  }

 private:
  std::string_view rest_;
  std::string file_;
  size_t line_number_ = 0;
};

}  // namespace

Vocabulary::Vocabulary(const TokenCounts& counts, uint64_t min_count, size_t max_size) {
  std::vector<std::pair<std::string_view, uint64_t>> sorted;
  uint64_t left_out = 0;
  for (const auto& [token, count] : counts) {
    if (count >= min_count) {
      sorted.emplace_back(token, count);
    } else {
      left_out += count;
    }
  }
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  if (max_size > 0 && sorted.size() + kSpecials > max_size) {
    const size_t keep = max_size > kSpecials ? max_size - kSpecials : 0;
    for (size_t i = keep; i < sorted.size(); ++i) left_out += sorted[i].second;
    sorted.resize(keep);
  }
  for (const char* name : kSpecialNames) push(name, 0);
  frequencies_[kUnk] = left_out;
  for (const auto& [token, count] : sorted) push(std::string(token), count);
}

void Vocabulary::push(std::string token, uint64_t frequency) {
  const auto id = static_cast<int32_t>(tokens_.size());
  if (id >= kSpecials) ids_.emplace(token, id);
  tokens_.push_back(std::move(token));
  frequencies_.push_back(frequency);
}

int32_t Vocabulary::id(std::string_view token) const {
  const auto found = ids_.find(token);
  return found == ids_.end() ? kUnk : found->second;
}

const std::string& Vocabulary::token(int32_t id) const {
  return tokens_.at(static_cast<size_t>(id));
}

std::vector<std::string> Vocabulary::tokens(const std::vector<int32_t>& ids) const {
  std::vector<std::string> names;
  for (const int32_t id : ids) names.push_back(token(id));
  return names;
}

uint64_t Vocabulary::frequency(int32_t id) const {
  return frequencies_.at(static_cast<size_t>(id));
}

std::string Vocabulary::body() const {
  std::string text;
  for (size_t i = 0; i < size(); ++i)
    text += escaped(tokens_[i]) + "\t" + std::to_string(frequencies_[i]) + "\n";
  return text;
}

void Vocabulary::save(const std::filesystem::path& path, std::string_view sealed_with) const {
  const std::string text = body();
  replace_file(path, header(size(), fnv1a(sealed_with, fnv1a(text))) + text);
}

Vocabulary Vocabulary::load(const std::filesystem::path& path, std::string_view sealed_with) {
  const std::string text = read_file(path);
  const std::string file = path.string();
  Reader reader(text, file);
  const auto [size, sum] = reader.read_header();

  Vocabulary vocabulary;
  vocabulary.tokens_.clear();
  vocabulary.frequencies_.clear();
  vocabulary.ids_.reserve(std::min<std::size_t>(size, text.size()));
  while (!reader.done()) {
    auto [token, frequency] = reader.read_token();
    const size_t id = vocabulary.size();
    if (id < kSpecials && token != kSpecialNames[id])
      reader.fail(std::string("expected the special token ") + kSpecialNames[id]);
    const auto earlier = vocabulary.ids_.find(token);
    if (id >= kSpecials && earlier != vocabulary.ids_.end())
      reader.fail("token '" + escaped(token) + "' was already on line " +
                  std::to_string(earlier->second + 2));
    vocabulary.push(std::move(token), frequency);
  }
  if (vocabulary.size() != size) {
    throw InputError(file + ": has " + std::to_string(vocabulary.size()) +
                     " tokens, but its first line says " + std::to_string(size) +
                     "; the file is damaged");
  }
  const std::string_view body = std::string_view(text).substr(text.find('\n') + 1);
  if (size < kSpecials || fnv1a(sealed_with, fnv1a(body)) != sum) {
    throw InputError(file + (sealed_with.empty()
                                 ? ": the checksum does not match; the file is damaged"
                                 : ": the checksum does not match; the file or the SentencePiece "
                                   "model beside it is damaged"));
  }
  return vocabulary;
}

}  // namespace babelgrad::text
