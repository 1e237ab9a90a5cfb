// Crew: the other ranks as rank 0 commands them; and what they do, follow(). They have no files and
// no command line of their own: configurations, parameters, sentences and batches come from rank 0,
// which alone reads, decides and saves. So they cannot have other data than it has.
//
// Translator (translator_sharing.cpp) and Trainer (training/update.h) share their work through
// this.
#pragma once

#include <utility>

#include "babelgrad/models/ranks/ranks.h"

namespace babelgrad {

enum class Command : char {
  end,
  models,   // those of a Translator, to search and score with
  find,     // hypotheses for sources
  score,    // log-probabilities of targets
  train,    // a model that is to be trained
  update,   // one update of it, with the rank's shards
  collect,  // the optimizer's state, to rank 0
};

class Crew {
 public:
  explicit Crew(Ranks& ranks) : ranks_(ranks) {}
  ~Crew();  // ends the others, if they await a command
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  Ranks& ranks() const { return ranks_; }
  std::size_t size() const { return ranks_.size(); }

  // Between these two the others are at work. What is thrown there leaves them so, and the program
  // has to end them all (Ranks::abort).
  void begin() { at_work_ = true; }
  void done() { at_work_ = false; }
  bool at_work() const { return at_work_; }

  // To all others, or to one of them.
  void send_all(Command command, const Message& message = {});
  void send(std::size_t rank, Command command, const Message& message = {});

 private:
  Ranks& ranks_;
  bool at_work_ = false;
};

// What a rank other than 0 does: whatever rank 0 commands, until it ends.
void follow(Ranks& ranks);

}  // namespace babelgrad
