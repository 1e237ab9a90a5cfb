// `babelgrad document DIR` writes the man pages and the completion scripts; the build runs it to
// install them. It is not in the help.
#include <filesystem>

#include "babelgrad/apps/command_list.h"
#include "babelgrad/apps/commands.h"
#include "babelgrad/apps/completion.h"
#include "babelgrad/apps/manual.h"
#include "babelgrad/base/files.h"

namespace babelgrad::apps {
namespace {

namespace fs = std::filesystem;

int run_document(const ProgramText& program, const fs::path& folder) {
  fs::create_directories(folder);
  const auto write = [&](const std::string& name, const std::string& text) {
    write_file(folder / name, text);
  };
  write("babelgrad.1", manual_page(program));
  for (const CommandText& command : program.commands)
    write("babelgrad-" + command.name + ".1", manual_page(program, command));
  write("babelgrad.bash", bash_completion(program));
  write("_babelgrad", zsh_completion(program));
  write("babelgrad.fish", fish_completion(program));
  return 0;
}

}  // namespace

Run add_document(CLI::App& app) {
  CLI::App* command = app.add_subcommand("document", "Write man pages and shell completion");
  command->group("");
  auto folder = std::make_shared<std::string>();
  command->add_option("folder", *folder, "where to")->type_name("DIR")->required();
  return [&app, folder] { return run_document(describe(app), *folder); };
}

}  // namespace babelgrad::apps
