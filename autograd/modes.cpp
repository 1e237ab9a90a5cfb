#include "babelgrad/autograd/modes.h"

namespace babelgrad {
namespace {
thread_local ThreadModes modes_of_thread;
}  // namespace

const char* name_of(Precision precision) {
  switch (precision) {
    case Precision::bfloat16:
      return "bfloat16";
    case Precision::int8:
      return "int8";
    default:
      return "float32";
  }
}

ThreadModes thread_modes() { return modes_of_thread; }
ModesGuard::ModesGuard(ThreadModes modes) : previous_(modes_of_thread) { modes_of_thread = modes; }
ModesGuard::~ModesGuard() { modes_of_thread = previous_; }

}  // namespace babelgrad
