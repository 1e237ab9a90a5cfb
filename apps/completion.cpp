#include "babelgrad/apps/completion.h"

namespace babelgrad::apps {
namespace {

using Value = OptionText::Value;

std::string join(const std::vector<std::string>& words, const std::string& between = " ") {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : between) + word;
  return text;
}

std::string replace_all(std::string text, const std::string& what, const std::string& with) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size())
    text.replace(at, what.size(), with);
  return text;
}

std::string header(const ProgramText& program, const char* shell) {
  return std::string("# ") + shell + " completion of babelgrad " + program.version +
         ", made from its command line.\n";
}

// "train,--out | train,-o": what a flag's value follows.
std::string bash_pattern(const std::string& command, const OptionText& option) {
  std::vector<std::string> patterns;
  for (const std::string& name : option.names) patterns.push_back(command + "," + name);
  return join(patterns, " | ");
}

std::string bash_value(const OptionText& option) {
  switch (option.value) {
    case Value::choice:
      return "words='" + join(option.choices) + "'";
    case Value::file:
      return "actions=(-f)";
    case Value::folder:
      return "actions=(-d)";
    case Value::text:
    case Value::none:
      break;
  }
  return "return";
}

std::string bash_command(const std::string& prefix, const CommandText& command,
                         std::vector<std::string> words) {
  std::string text;
  for (const OptionText& option : command.options) {
    if (option.positional) continue;
    words.insert(words.end(), option.names.begin(), option.names.end());
    if (option.value != Value::none)
      text += "    " + bash_pattern(prefix, option) + ") " + bash_value(option) + " ;;\n";
  }
  return text + "    " + prefix + ",*) words='" + join(words) + "' ;;\n";
}

std::vector<std::string> command_names(const ProgramText& program) {
  std::vector<std::string> names;
  for (const CommandText& command : program.commands) names.push_back(command.name);
  return names;
}

// In single quotes, for bash and zsh.
std::string quoted(const std::string& text) { return "'" + replace_all(text, "'", "'\\''") + "'"; }

// An argument of zsh's _arguments, "(-o --out)--out=[explanation]:F:_files".
std::string zsh_argument(const OptionText& option, const std::string& name) {
  std::string text;
  if (option.repeated)
    text = "*";
  else if (option.names.size() > 1)
    text = "(" + join(option.names) + ")";
  text += name;
  if (option.value != Value::none && name.starts_with("--")) text += "=";
  text += "[" + replace_all(replace_all(option.help, "[", "\\["), "]", "\\]") + "]";
  const std::string message = ":" + replace_all(option.value_name, ":", "\\:") + ":";
  switch (option.value) {
    case Value::none:
      return text;
    case Value::text:
      return text + message;
    case Value::choice:
      return text + message + "(" + join(option.choices) + ")";
    case Value::file:
      return text + message + "_files";
    case Value::folder:
      return text + message + "_files -/";
  }
  return text;
}

std::string zsh_arguments(const CommandText& command) {
  std::string text = "_arguments";
  for (const OptionText& option : command.options) {
    if (option.positional) continue;
    for (const std::string& name : option.names)
      text += " \\\n        " + quoted(zsh_argument(option, name));
  }
  return text;
}

std::string fish_quoted(const std::string& text) {
  return "'" + replace_all(replace_all(text, "\\", "\\\\"), "'", "\\'") + "'";
}

std::string fish_value(const OptionText& option) {
  switch (option.value) {
    case Value::choice:
      return " -x -a " + fish_quoted(join(option.choices));
    case Value::file:
      return " -r -F";
    case Value::folder:
      return " -x -a '(__fish_complete_directories)'";
    case Value::text:
      return " -x";
    case Value::none:
      break;
  }
  return "";
}

std::string fish_command(const CommandText& command, const std::string& condition) {
  std::string text;
  for (const OptionText& option : command.options) {
    if (option.positional) continue;
    text += "complete -c babelgrad -n " + fish_quoted(condition);
    for (const std::string& name : option.names)
      text += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
    text += fish_value(option) + " -d " + fish_quoted(option.help) + "\n";
  }
  return text;
}

}  // namespace

std::string bash_completion(const ProgramText& program) {
  std::string text = header(program, "Bash") + R"(_babelgrad() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
  if [[ $current == = ]]; then  # --flag=
    current=''
  elif [[ $previous == = ]]; then  # --flag=value
    previous=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  local command='' words='' actions=()
  if ((COMP_CWORD > 1)); then command=${COMP_WORDS[1]}; fi
  case $command,$previous in
)";
  for (const CommandText& command : program.commands)
    text += bash_command(command.name, command, {});
  text += bash_command("", program.program, command_names(program));
  return text + R"(  esac
  if ((${#actions[@]})); then
    compopt -o filenames
  else
    actions=(-W "$words")
  fi
  mapfile -t COMPREPLY < <(compgen "${actions[@]}" -- "$current")
}
complete -F _babelgrad babelgrad
)";
}

std::string zsh_completion(const ProgramText& program) {
  std::string text = "#compdef babelgrad\n" + header(program, "Zsh") + R"(_babelgrad() {
  local -a commands=(
)";
  for (const CommandText& command : program.commands)
    text += "    " + quoted(command.name + ":" + command.help) + "\n";
  text += R"(  )
  if ((CURRENT == 2)) && [[ $words[2] != -* ]]; then
    _describe command commands
    return
  fi
  local command=$words[2]
  if [[ $command != -* ]]; then
    shift words
    ((CURRENT--))
  fi
  case $command in
)";
  for (const CommandText& command : program.commands)
    text += "    " + command.name + ")\n      " + zsh_arguments(command) + "\n      ;;\n";
  return text + "    -*)\n      " + zsh_arguments(program.program) + R"(
      ;;
  esac
}
_babelgrad "$@"
)";
}

std::string fish_completion(const ProgramText& program) {
  std::string text = header(program, "Fish") + "complete -c babelgrad -f\n" +
                     fish_command(program.program, "__fish_use_subcommand");
  for (const CommandText& command : program.commands) {
    text += "complete -c babelgrad -n __fish_use_subcommand -a " + command.name + " -d " +
            fish_quoted(command.help) + "\n";
    text += fish_command(command, "__fish_seen_subcommand_from " + command.name);
  }
  return text;
}

}  // namespace babelgrad::apps
