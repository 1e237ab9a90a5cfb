// Words that the model cannot write, taken from the source instead.
#pragma once

#include <string>

#include "babelgrad/models/folder/translator.h"
#include "babelgrad/text/lexicon.h"

namespace babelgrad {

// The text of a translation in which each word with an <unk> is replaced by the source word that
// the <unk> looked at most (of the words alone, not eos): by that word's best translation in the
// lexicon, or where it has none by the word itself (Luong et al. 2015, "Addressing the Rare Word
// Problem", arXiv 1410.8206; by attention, Jean et al. 2015, arXiv 1412.2007). source: line_words
// of the line that was translated. Without source words or attention <unk> stays.
std::string replace_unknown(const Translation& translation, const text::LineWords& source,
                            const text::Codec& target, const text::Lexicon& lexicon);

}  // namespace babelgrad
