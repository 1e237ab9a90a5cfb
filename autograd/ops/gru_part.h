// The parts that a step of a GRU makes.
#pragma once

namespace babelgrad {

// r, z, n and h' (ops/gru.cpp), in the order in which they are made; [B, H] each.
enum class GruPart { reset, update, candidate, state };

}  // namespace babelgrad
