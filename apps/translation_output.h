// What `babelgrad translate` prints of each line's translations.
#pragma once

#include <optional>
#include <string>

#include "babelgrad/models/folder/translator.h"
#include "babelgrad/text/lexicon.h"

namespace babelgrad::apps {

struct OutputOptions {
  enum class Format { text, json };
  enum class Alignments { none, pharaoh, words };

  Format format = Format::text;
  bool attention = false;  // a grid below each translation; text only
  Alignments alignments = Alignments::none;
  bool word_scores = false;
  bool numbered = false;                 // several translations a line
  std::optional<text::Lexicon> unknown;  // by which <unk> is replaced; nothing: it stays
};

// Text: fields with " ||| " between them: with `numbered` the line's number from 0, the text, the
// score if `numbered`, the alignments, log-probabilities of the tokens and entropies (nats) as
// asked. JSON: an object a translation and line, with all of these.
class TranslationOutput {
 public:
  // The translator must outlive this. Throws UsageError for what needs attention that the model
  // does not have, or another format.
  TranslationOutput(const Translator& translator, OutputOptions options);

  bool needs_entropies() const;
  // Prints to standard output the translations of the number-th line, counted from 0.
  void print(const std::string& line, std::size_t number,
             std::vector<Translation>& translations) const;

 private:
  text::LineWords target_words(const Translation& translation) const;
  void print_text(const Translation& translation, const text::LineWords& source,
                  std::size_t number) const;
  void print_json(const Translation& translation, const text::LineWords& source,
                  std::size_t number) const;

  const Translator& translator_;
  OutputOptions options_;
};

}  // namespace babelgrad::apps
