// What the commands that compare translations with references share.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "babelgrad/apps/commands.h"
#include "babelgrad/text/bleu_tokens.h"
#include "babelgrad/text/bootstrap.h"

namespace babelgrad::apps {

struct QualityOptions {
  std::vector<std::string> references;  // files
  std::string tok;                      // "": not given
  text::Bootstrap bootstrap;

  void add(CLI::App& command, const std::string& default_tok);
  void add_bootstrap(CLI::App& command);
  // Throws UsageError for a name that is none.
  std::optional<text::BleuTokenizer> tokenizer() const;
  // The files' lines, as many of each. Throws text::InputError "a has 2 lines, but b has 3; they
  // must match line by line".
  std::vector<std::vector<std::string>> read_references() const;
};

}  // namespace babelgrad::apps
