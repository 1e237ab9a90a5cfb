// babelgrad: trains, runs, measures and inspects attention sequence-to-sequence models.
// Exit codes: 0 done, 1 failed, 2 wrong usage or bad input. Progress goes to stderr, results to
// stdout.
#include <cstdio>
#include <exception>
#include <iostream>
#include <map>

#include "babelgrad/apps/commands.h"
#include "babelgrad/autograd/blas.h"
#include "babelgrad/models/gradient_step.h"
#include "babelgrad/nn/safetensors.h"
#include "babelgrad/text/error.h"

namespace {

constexpr int kFailed = 1;
constexpr int kBadInput = 2;

int complain(const std::exception& error, int code) {
  std::fprintf(stderr, "babelgrad: %s\n", error.what());
  return code;
}

int run_command(int argc, char** argv) {
  using namespace babelgrad;
  CLI::App app{"Attention sequence-to-sequence models on the CPU"};
  app.require_subcommand(1);
  app.set_version_flag("--version", BABELGRAD_VERSION);
  app.option_defaults()->always_capture_default();
  std::map<std::string, apps::Run> commands{{"train", apps::add_train(app)},
                                            {"translate", apps::add_translate(app)},
                                            {"evaluate", apps::add_evaluate(app)},
                                            {"score", apps::add_score(app)},
                                            {"inspect", apps::add_inspect(app)}};
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
    const std::string name =
        app.get_subcommands().empty() ? "" : " " + app.get_subcommands()[0]->get_name();
    std::fprintf(stderr, "babelgrad: %s; see babelgrad%s --help\n", error.what(), name.c_str());
    return kBadInput;
  }
  return commands.at(app.get_subcommands()[0]->get_name())();
}

}  // namespace

int main(int argc, char** argv) {
  babelgrad::set_blas_threads(1);  // the program runs threads of its own over sentences
  std::ios::sync_with_stdio(false);
  try {
    return run_command(argc, argv);
  } catch (const babelgrad::text::InputError& error) {
    return complain(error, kBadInput);
  } catch (const babelgrad::ConfigError& error) {
    return complain(error, kBadInput);
  } catch (const babelgrad::CheckpointError& error) {
    return complain(error, kBadInput);
  } catch (const babelgrad::DivergenceError& error) {
    return complain(error, kBadInput);
  } catch (const babelgrad::apps::UsageError& error) {
    return complain(error, kBadInput);
  } catch (const std::bad_alloc&) {
    std::fprintf(stderr, "babelgrad: out of memory\n");
    return kFailed;
  } catch (const std::exception& error) {
    return complain(error, kFailed);
  }
}
