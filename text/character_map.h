// The character maps of a SentencePiece model, which its library takes on trust.
#pragma once

#include <string_view>

namespace babelgrad::text {

// Whether `model` is a message of Protocol Buffers whose normalizers' character maps lead nowhere
// outside themselves, whatever text is looked up in them. A map (SentencePiece's
// precompiled_charsmap) is the size of a trie, the trie, a double array of 32-bit units as
// Darts-clone lays them out, and what its entries are replaced by, each ended by a zero byte.
bool has_sound_character_maps(std::string_view model);

}  // namespace babelgrad::text
