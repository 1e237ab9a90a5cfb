// Who may ask: bearer tokens (RFC 6750), each with a name under which its holder is known.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace babelgrad::apps {

class AccessTokens {
 public:
  // A file of one token a line, and if wanted its name behind a space; empty lines count for
  // nothing. Without a name it is called "line 3". Throws text::InputError
  //   "tokens: there is no token in it"      "tokens:3: the token has 5 characters; need 16 or
  //   more" "tokens:3: the token of line 1 again"  "tokens:3: the token has other characters than
  //   RFC 6750"
  static AccessTokens load(const std::filesystem::path& path);

  // The name of the holder, from the Authorization header: "Bearer " and a known token. The time
  // that it takes does not depend on how much of a token is right.
  std::optional<std::string> holder(const std::string& authorization) const;

 private:
  struct Token {
    std::string token, name;
    std::size_t line;
  };
  std::vector<Token> tokens_;
};

}  // namespace babelgrad::apps
