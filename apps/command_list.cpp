#include "babelgrad/apps/command_list.h"

#include <sstream>

namespace babelgrad::apps {
namespace {

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
  return parts;
}

OptionText::Value value_of(const std::string& name) {
  if (name.find('|') != std::string::npos) return OptionText::Value::choice;
  if (name == "DIR") return OptionText::Value::folder;
  if (name == "F" || name.starts_with("F.")) return OptionText::Value::file;
  return OptionText::Value::text;
}

OptionText describe(const CLI::Option& option) {
  OptionText text;
  for (const std::string& name : option.get_snames()) text.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) text.names.push_back("--" + name);
  text.positional = option.get_positional();
  if (text.positional) text.names = {option.get_name(true)};
  text.group = option.get_group();
  text.help = option.get_description();
  text.required = option.get_required();
  text.repeated = option.get_expected_max() > 1;
  if (option.get_items_expected_max() == 0) return text;  // a flag
  const std::string type = option.get_type_name();        // with the validators behind a colon
  text.value_name = type.substr(0, type.find(':'));
  text.value = value_of(text.value_name);
  if (text.value == OptionText::Value::choice) text.choices = split(text.value_name, '|');
  if (!text.repeated) text.default_value = option.get_default_str();
  return text;
}

CommandText describe_command(const CLI::App& command) {
  CommandText text{command.get_name(), command.get_description(), {}};
  for (const CLI::Option* option : command.get_options())
    if (!option->get_group().empty()) text.options.push_back(describe(*option));
  return text;
}

}  // namespace

ProgramText describe(const CLI::App& app) {
  ProgramText text{BABELGRAD_VERSION, app.get_footer(), describe_command(app), {}};
  text.program.name = "babelgrad";
  for (const CLI::App* command : app.get_subcommands(nullptr))
    if (!command->get_group().empty()) text.commands.push_back(describe_command(*command));
  return text;
}

}  // namespace babelgrad::apps
