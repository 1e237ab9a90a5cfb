// What a SentencePiece model, a message of Protocol Buffers, may hold: the library takes much of it
// on trust.
#pragma once

#include <string_view>

namespace babelgrad::text {

// Whether Debian's SentencePiece (0.1.97) stays within its memory with this model, whatever text it
// is given:
// - Character maps (precompiled_charsmap of the normalizers) lead nowhere outside themselves. A map
//   is the size of a trie, the trie, a double array of 32-bit units as Darts-clone lays them out,
//   and what its entries are replaced by, each ended by a zero byte.
// - No text begins with more than 32 entries of a map, or 64 user-defined pieces, at once: for
//   these there is room.
bool is_safe_sentencepiece_model(std::string_view model);

}  // namespace babelgrad::text
