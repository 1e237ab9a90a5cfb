#include "babelgrad/models/ranks/crew.h"

namespace babelgrad {

Crew::~Crew() {
  if (!at_work_) send_all(Command::end);
}

void Crew::send_all(Command command, const Message& message) {
  for (std::size_t r = 1; r < size(); ++r) send(r, command, message);
}

void Crew::send(std::size_t rank, Command command, const Message& message) {
  Message whole;
  whole.put(command);
  whole.append(message.bytes().data(), message.bytes().size());
  babelgrad::send(ranks_, whole, rank);
}

}  // namespace babelgrad
