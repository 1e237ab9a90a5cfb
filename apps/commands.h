// The subcommands of the babelgrad program. Each adds itself to the command line; its run function
// returns the exit code, and throws for everything that main.cpp turns into exit code 1 or 2.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <stdexcept>

namespace babelgrad::apps {

// Wrong usage that the command line parser cannot see; exit code 2.
class UsageError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

using Run = std::function<int()>;

Run add_train(CLI::App& app);
Run add_translate(CLI::App& app);
Run add_evaluate(CLI::App& app);
Run add_compare(CLI::App& app);
Run add_average(CLI::App& app);
Run add_quantize(CLI::App& app);
Run add_score(CLI::App& app);
Run add_inspect(CLI::App& app);
Run add_explain(CLI::App& app);
Run add_serve(CLI::App& app);
Run add_report(CLI::App& app);
Run add_lexicon(CLI::App& app);
Run add_document(CLI::App& app);  // describes what has been added to `app` when it runs

}  // namespace babelgrad::apps
