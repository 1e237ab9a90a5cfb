// NumPy's .npy files: numpy.save and numpy.load.
#pragma once

#include <filesystem>

#include "babelgrad/autograd/array.h"
#include "babelgrad/nn/safetensors.h"

namespace babelgrad {

// An array of float32, float64, int32, int64, uint8 or bool, in either order of storage, converted
// to T: float, double or std::int32_t. Throws a CheckpointError for a file that is missing,
// damaged, or of another type.
template <class T>
Array<T> load_npy(const std::filesystem::path& path);

// Throws a CheckpointError, `path` untouched.
template <class T>
void save_npy(const std::filesystem::path& path, const Array<T>& array);

}  // namespace babelgrad
