#include "babelgrad/models/training/process_memory.h"

#include <unistd.h>

#include <fstream>

namespace babelgrad {

std::optional<double> resident_megabytes() {
  std::ifstream file("/proc/self/statm");  // pages: total, resident, ...
  double total = 0, resident = 0;
  if (!(file >> total >> resident)) return std::nullopt;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1e6;
}

}  // namespace babelgrad
