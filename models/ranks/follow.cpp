#include <optional>

#include "babelgrad/models/folder/translator.h"
#include "babelgrad/models/ranks/crew.h"
#include "babelgrad/models/training/update.h"

namespace babelgrad {

void follow(Ranks& ranks) {
  std::optional<Translator> translator;
  std::optional<TrainingRank> training;
  while (true) {
    Message message = receive(ranks, 0);
    switch (message.get<Command>()) {
      case Command::end:
        return;
      case Command::models:
        translator.emplace(Translator::shared_by(ranks, message));
        break;
      case Command::find:
        send(ranks, translator.value().find_for_rank_0(message), 0);
        break;
      case Command::score:
        send(ranks, translator.value().score_for_rank_0(message), 0);
        break;
      case Command::train:
        training.emplace(ranks, message);
        break;
      case Command::update:
        training.value().update(message);
        break;
      case Command::collect:
        training.value().collect();
        break;
    }
  }
}

}  // namespace babelgrad
