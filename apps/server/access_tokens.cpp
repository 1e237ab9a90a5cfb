#include "babelgrad/apps/server/access_tokens.h"

#include <algorithm>
#include <sstream>

#include "babelgrad/text/corpus.h"
#include "babelgrad/text/error.h"

namespace babelgrad::apps {
namespace {

constexpr std::size_t kShortest = 16;  // characters of a token
const char* const kTokenCharacters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=";

bool equal(const std::string& known, const std::string& given) {
  std::size_t difference = known.size() ^ given.size();
  for (std::size_t i = 0; i < given.size(); ++i)
    difference |= static_cast<unsigned char>(known[i % known.size()] ^ given[i]);
  return difference == 0;
}

}  // namespace

AccessTokens AccessTokens::load(const std::filesystem::path& path) {
  AccessTokens tokens;
  std::size_t number = 0;
  for (const std::string& line : text::read_lines(path)) {
    ++number;
    std::istringstream words(line);
    Token token{{}, "line " + std::to_string(number), number};
    if (!(words >> token.token)) continue;
    words >> token.name;
    const auto fail = [&](const std::string& what) {
      throw text::InputError(path.string() + ":" + std::to_string(number) + ": the token " + what);
    };
    if (token.token.size() < kShortest)
      fail("has " + std::to_string(token.token.size()) + " characters; need " +
           std::to_string(kShortest) + " or more");
    if (token.token.find_first_not_of(kTokenCharacters) != std::string::npos)
      fail("has other characters than RFC 6750");
    for (const Token& other : tokens.tokens_)
      if (other.token == token.token) fail("of line " + std::to_string(other.line) + " again");
    tokens.tokens_.push_back(std::move(token));
  }
  if (tokens.tokens_.empty()) throw text::InputError(path.string() + ": there is no token in it");
  return tokens;
}

std::optional<std::string> AccessTokens::holder(const std::string& authorization) const {
  const std::size_t space = authorization.find(' ');
  if (space == std::string::npos) return std::nullopt;
  std::string scheme = authorization.substr(0, space);
  for (char& c : scheme) c = static_cast<char>(c | 0x20);  // the schemes' names have only letters
  const std::size_t begin = authorization.find_first_not_of(' ', space);
  const std::string given = authorization.substr(std::min(begin, authorization.size()));
  const Token* found = nullptr;
  for (const Token& token : tokens_)
    if (equal(token.token, given)) found = &token;
  if (scheme != "bearer" || found == nullptr) return std::nullopt;
  return found->name;
}

}  // namespace babelgrad::apps
