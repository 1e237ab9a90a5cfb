// Man pages and shell completion hold every flag of every command: the shells themselves are asked
// what they offer (complete.bash, complete.zsh, complete.fish; those that are installed).
#include <array>
#include <cstdio>
#include <cstdlib>
#include <set>

#include "babelgrad/apps/command_line.h"
#include "tests/apps/error_table.h"
#include "tests/apps/world.h"

namespace babelgrad::test {
namespace {

using Words = std::set<std::string>;

std::string quoted(const std::string& text) { return "'" + text + "'"; }

// What the shell command writes, on both streams.
std::string output_of(const std::string& command) {
  FILE* stream = ::popen((command + " 2>&1").c_str(), "r");
  REQUIRE(stream != nullptr);
  std::string output;
  std::array<char, 4096> block;
  while (const std::size_t bytes = std::fread(block.data(), 1, block.size(), stream))
    output.append(block.data(), bytes);
  INFO(command, "\n", output);
  CHECK(::pclose(stream) == 0);
  return output;
}

bool installed(const std::string& program) {
  if (std::system(("command -v " + program + " >/dev/null").c_str()) == 0) return true;
  MESSAGE(program, " is not installed: not tried");
  return false;
}

class Documents : public Folder {
 public:
  Documents() {
    RunOptions options;
    options.folder = path();
    const Finished finished = run({"document", "."}, options);
    INFO(finished.err);
    REQUIRE(finished.exit_code == 0);
  }

  // What `shell` offers behind `line`.
  Words offers(const std::string& shell, const std::string& line) const {
    const std::string name = shell.substr(0, shell.find(' '));
    const std::string script = BABELGRAD_SOURCE_DIR "/tests/apps/complete." + name;
    Words words;
    for (const std::string& word :
         lines_of(output_of("cd " + quoted(path()) + " && timeout 60 " + shell + " " +
                            quoted(script) + " . " + quoted(line))))
      if (!word.empty()) words.insert(word);
    return words;
  }
};

// As CLI11 has them.
Words flags_of(const CLI::App& command) {
  Words flags;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_snames()) flags.insert("-" + name);
    for (const std::string& name : option->get_lnames()) flags.insert("--" + name);
  }
  return flags;
}

Words difference(const Words& a, const Words& b) {
  Words rest;
  for (const std::string& word : a)
    if (!b.contains(word)) rest.insert(word);
  return rest;
}

std::string listed(const Words& words) {
  std::string all;
  for (const std::string& word : words) all += word + " ";
  return all;
}

std::vector<const CLI::App*> commands_of(apps::CommandLine& line) {
  std::vector<const CLI::App*> commands;
  for (const CLI::App* command : std::as_const(line.app()).get_subcommands(nullptr))
    if (command->get_name() != "document") commands.push_back(command);
  REQUIRE(commands.size() >= 8);
  return commands;
}

}  // namespace

TEST_CASE("man pages: every flag of every command, its value and its meaning") {
  const Documents documents;
  apps::CommandLine line;
  for (const CLI::App* command : commands_of(line)) {
    const std::string page = "babelgrad-" + command->get_name() + ".1";
    CAPTURE(page);
    std::string manual = documents.read(page);
    for (std::size_t at = 0; (at = manual.find("\\-", at)) != std::string::npos; ++at)
      manual.erase(at, 1);
    for (const std::string& flag : flags_of(*command)) {
      CAPTURE(flag);
      CHECK(manual.find("\\fB" + flag + "\\fR") != std::string::npos);
    }
    for (const CLI::Option* option : command->get_options()) {
      CHECK(manual.find(option->get_description()) != std::string::npos);
      if (option->get_positional())
        CHECK(manual.find("\\fI" + option->get_name(true) + "\\fR\n") != std::string::npos);
    }
    CHECK(documents.read("babelgrad.1").find("\\fB" + command->get_name() + "\\fR\n") !=
          std::string::npos);
  }
  const std::string train = documents.read("babelgrad-train.1");
  CHECK(
      train.find("\\fB\\-\\-embedding\\fR \\fIN\\fR\nsize of the word vectors (default: 256)\n") !=
      std::string::npos);
}

TEST_CASE("man pages: nothing that the formatter complains about") {
  if (!installed("man")) return;
  const Documents documents;
  for (const auto& file : documents.snapshot()) {
    const std::string& name = file.first;
    if (!name.ends_with(".1")) continue;
    CAPTURE(name);
    CHECK(output_of("man --warnings=w -l " + quoted(documents.path() / name) + " >/dev/null") ==
          "");
  }
}

TEST_CASE("completion: each shell offers the commands, the flags of each, and no others") {
  const Documents documents;
  apps::CommandLine line;
  for (const std::string shell : {"bash", "zsh", "fish --no-config"}) {
    if (!installed(shell.substr(0, shell.find(' ')))) continue;
    CAPTURE(shell);
    Words names;
    for (const CLI::App* command : commands_of(line)) {
      names.insert(command->get_name());
      const std::string typed = "babelgrad " + command->get_name() + " -";
      CAPTURE(typed);
      const Words flags = flags_of(*command), offers = documents.offers(shell, typed);
      CHECK_MESSAGE(difference(flags, offers).empty(), listed(difference(flags, offers)));
      CHECK_MESSAGE(difference(offers, flags).empty(), listed(difference(offers, flags)));
    }
    CHECK(listed(difference(names, documents.offers(shell, "babelgrad "))) == "");
    CHECK(listed(documents.offers(shell, "babelgrad --v")) == "--version ");
  }
}

TEST_CASE("completion: the values of a flag") {
  const Documents documents;
  std::filesystem::create_directory(documents.path() / "corpus");
  documents.write("corpus.txt", "");
  for (const std::string shell : {"bash", "zsh", "fish --no-config"}) {
    if (!installed(shell.substr(0, shell.find(' ')))) continue;
    CAPTURE(shell);
    CHECK(listed(documents.offers(shell, "babelgrad train --tokenizer ")) ==
          "bpe chars unigram words ");
    CHECK(documents.offers(shell, "babelgrad train --tokenizer=w").size() == 1);
    CHECK(documents.offers(shell, "babelgrad train --seed ").empty());
    CHECK(documents.offers(shell, "babelgrad train --out co").size() == 1);
    CHECK(documents.offers(shell, "babelgrad train --source co").size() == 2);
  }
}

}  // namespace babelgrad::test
