#include "babelgrad/models/folder/demand_reader.h"

#include "babelgrad/text/error.h"
#include "babelgrad/text/words.h"

namespace babelgrad {

DemandReader::DemandReader(const Translator& translator)
    : config_(translator.config().data),
      codec_(translator.codecs().target),
      spellings_(std::make_shared<const text::Spellings>(codec_)) {}

std::vector<std::string> DemandReader::tokens(const std::string& text) const {
  return codec_.tokens(prepare_line(config_, text));
}

std::vector<std::int32_t> DemandReader::ids(const std::vector<std::string>& tokens,
                                            const std::string& name) const {
  std::vector<std::int32_t> ids;
  for (const std::string& token : tokens) {
    ids.push_back(codec_.vocabulary().id(token));
    if (ids.back() == text::kUnk)
      throw text::InputError(name + ": the model has no token for '" + token + "'");
  }
  return ids;
}

Prefix DemandReader::prefix(const std::string& text, LastWord last_word,
                            const std::string& name) const {
  std::vector<std::string> parts = tokens(text);
  const text::TokenizerKind kind = codec_.tokenizer().kind();
  if (parts.empty()) return {};
  if (kind == text::TokenizerKind::chars) return Prefix(ids(parts, name));
  if (last_word == LastWord::whole) return Prefix(ids(parts, name), spellings_);
  std::string open;
  for (bool begun = false; !begun && !parts.empty(); parts.pop_back()) {
    const std::string spelled = text::spelling(parts.back(), kind);
    open = spelled + open;
    begun = spelled.starts_with(' ');
  }
  Prefix prefix(ids(parts, name), spellings_, open);
  if (!prefix.possible())
    throw text::InputError(name + ": the model has no word that begins with '" +
                           open.substr(open.starts_with(' ') ? 1 : 0) + "'");
  return prefix;
}

Phrases DemandReader::phrases(const std::vector<std::string>& phrases,
                              const std::string& name) const {
  std::vector<std::vector<std::int32_t>> all;
  for (const std::string& phrase : phrases) {
    all.push_back(ids(tokens(phrase), name));
    if (all.back().empty()) throw text::InputError(name + ": an empty phrase");
  }
  Phrases demanded(std::move(all), spellings_);
  if (demanded.tokens() > kMostDemanded)
    throw text::InputError(name + ": phrases of " + std::to_string(demanded.tokens()) +
                           " tokens; a translation may be asked for " +
                           std::to_string(kMostDemanded));
  return demanded;
}

}  // namespace babelgrad
