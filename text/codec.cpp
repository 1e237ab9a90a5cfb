#include "babelgrad/text/codec.h"

#include "babelgrad/base/files.h"
#include "babelgrad/text/files.h"

namespace babelgrad::text {
namespace {

constexpr size_t kDefaultSubwords = 8000;

bool is_sentencepiece(TokenizerKind kind) {
  return kind == TokenizerKind::bpe || kind == TokenizerKind::unigram;
}

std::shared_ptr<const Tokenizer> make_plain_tokenizer(TokenizerKind kind, WordSplit split) {
  return kind == TokenizerKind::chars ? make_char_tokenizer() : make_word_tokenizer(split);
}

std::filesystem::path file_in(const std::filesystem::path& folder, std::string_view name,
                              const char* extension) {
  return folder / (std::string(name) + extension);
}

}  // namespace

Codec::Codec(std::shared_ptr<const Tokenizer> tokenizer, Vocabulary vocabulary)
    : tokenizer_(std::move(tokenizer)),
      vocabulary_(std::make_shared<Vocabulary>(std::move(vocabulary))) {}

Codec Codec::train(const std::vector<std::string>& lines, const CodecOptions& options) {
  const bool subwords = is_sentencepiece(options.kind);
  std::shared_ptr<const Tokenizer> tokenizer;
  if (subwords) {
    const size_t size = options.vocab_size > 0 ? options.vocab_size : kDefaultSubwords;
    std::string model = train_sentencepiece(options.kind, lines, size, options.hard_limit);
    tokenizer = make_sentencepiece_tokenizer(options.kind, std::move(model), "trained model");
  } else {
    tokenizer = make_plain_tokenizer(options.kind, options.word_split);
  }

  TokenCounts counts;
  for (const std::string& line : lines)
    for (std::string& token : tokenizer->tokenize(line)) ++counts[std::move(token)];
  if (!subwords) return Codec(tokenizer, Vocabulary(counts, options.min_count, options.vocab_size));

  TokenCounts pieces;
  for (std::string& piece : tokenizer->inventory()) {
    const auto found = counts.find(piece);
    const uint64_t count = found == counts.end() ? 0 : found->second;
    pieces.emplace(std::move(piece), count);
  }
  return Codec(tokenizer, Vocabulary(pieces, 0));
}

std::vector<std::string> Codec::tokens(std::string_view line) const {
  return tokenizer_->tokenize(line);
}

std::vector<int32_t> Codec::encode(std::string_view line) const {
  std::vector<int32_t> ids;
  for (const std::string& token : tokens(line)) ids.push_back(vocabulary_->id(token));
  return ids;
}

std::string Codec::decode(const std::vector<int32_t>& ids) const {
  std::vector<std::string> tokens;
  for (const int32_t id : ids) {
    if (id == kEos) break;
    if (id != kPad && id != kBos) tokens.push_back(vocabulary_->token(id));
  }
  return tokenizer_->detokenize(tokens);
}

bool Codec::is_same(const Codec& other) const {
  if (size() != other.size() || tokenizer().kind() != other.tokenizer().kind() ||
      tokenizer().model() != other.tokenizer().model())
    return false;
  for (int32_t id = 0; id < static_cast<int32_t>(size()); ++id)
    if (vocabulary().token(id) != other.vocabulary().token(id)) return false;
  return true;
}

void Codec::save(const std::filesystem::path& folder, std::string_view name) const {
  const std::string& model = tokenizer_->model();
  if (!model.empty()) replace_file(file_in(folder, name, ".spm"), model);
  vocabulary_->save(file_in(folder, name, ".vocab"), model);
}

Codec Codec::load(const std::filesystem::path& folder, std::string_view name, TokenizerKind kind,
                  WordSplit split) {
  const auto vocabulary_file = file_in(folder, name, ".vocab");
  if (!is_sentencepiece(kind))
    return Codec(make_plain_tokenizer(kind, split), Vocabulary::load(vocabulary_file));
  const auto model_file = file_in(folder, name, ".spm");
  std::string model = read_file(model_file);
  Vocabulary vocabulary = Vocabulary::load(vocabulary_file, model);
  return Codec(make_sentencepiece_tokenizer(kind, std::move(model), model_file.string()),
               std::move(vocabulary));
}

}  // namespace babelgrad::text
