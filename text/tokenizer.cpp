#include "babelgrad/text/tokenizer.h"

#include "babelgrad/text/unicode.h"

namespace babelgrad::text {
namespace {

class WordTokenizer : public Tokenizer {
 public:
  explicit WordTokenizer(WordSplit split) : split_(split) {}

  std::vector<std::string> tokenize(std::string_view line) const override {
    return split_ == WordSplit::whitespace ? split_whitespace(line) : split_words(lowercase(line));
  }

  std::string detokenize(const std::vector<std::string>& tokens) const override {
    if (split_ == WordSplit::unicode) return join_words(tokens);
    std::string line;
    for (const std::string& token : tokens) (line += line.empty() ? "" : " ") += token;
    return line;
  }

  TokenizerKind kind() const override { return TokenizerKind::words; }

 private:
  WordSplit split_;
};

class CharTokenizer : public Tokenizer {
 public:
  std::vector<std::string> tokenize(std::string_view line) const override {
    return code_points(line);
  }

  std::string detokenize(const std::vector<std::string>& tokens) const override {
    std::string line;
    for (const std::string& token : tokens) line += token;
    return line;
  }

  TokenizerKind kind() const override { return TokenizerKind::chars; }
};

}  // namespace

const std::string& Tokenizer::model() const {
  static const std::string none;
  return none;
}

std::shared_ptr<const Tokenizer> make_word_tokenizer(WordSplit split) {
  return std::make_shared<WordTokenizer>(split);
}

std::shared_ptr<const Tokenizer> make_char_tokenizer() { return std::make_shared<CharTokenizer>(); }

}  // namespace babelgrad::text
