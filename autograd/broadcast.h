// Which shapes fit together: NumPy's broadcasting without its traps. Two shapes do if they are
// equal; of equal rank and, along each axis, equal or 1; one of rank 0; or one a suffix of the
// other, as a bias is. What NumPy would also take, (N,) with (N, 1) making (N, N), nearly always is
// a mistake.
#pragma once

#include "babelgrad/autograd/shape.h"

namespace babelgrad {

// Whether an array of `from` can stand where one of `to` is meant.
bool broadcasts_to(const Shape& from, const Shape& to);

// What broadcast_to takes, where a target is named: NumPy's rule, from the last axis.
bool can_broadcast(const Shape& from, const Shape& to);

// The shape of a binary op's result. A ShapeError of `op` names both shapes, and the reshape that
// would say what NumPy would make of them.
Shape broadcast_shape(const char* op, const Shape& a, const Shape& b);

}  // namespace babelgrad
