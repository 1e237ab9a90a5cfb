// What AMX's registers are set up for: eight tiles of 16 rows of 64 bytes.
#pragma once

#include <cstdint>

namespace babelgrad {

struct alignas(64) TileShapes {
  std::uint8_t palette = 1, start_row = 0, reserved[14] = {};
  std::uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  std::uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};

}  // namespace babelgrad
