#include "babelgrad/apps/manual.h"

#include <algorithm>

namespace babelgrad::apps {
namespace {

// Text between macros: a dash that can be copied as one, and no line that reads as a request.
std::string roff(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '\\')
      escaped += "\\e";
    else if (c == '-')
      escaped += "\\-";
    else
      escaped += c;
  }
  if (escaped.starts_with('.') || escaped.starts_with('\'')) escaped.insert(0, "\\&");
  return escaped;
}

std::string bold(const std::string& text) { return "\\fB" + roff(text) + "\\fR"; }
std::string italic(const std::string& text) { return "\\fI" + roff(text) + "\\fR"; }

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return std::toupper(c); });
  return text;
}

std::string title(const ProgramText& program, const std::string& page, const std::string& help) {
  return ".TH " + upper(page) + " 1 \"\" \"Babelgrad " + program.version + "\" Babelgrad\n" +
         ".nh\n.ad l\n"  // no hyphens in names, no stretched lines
         ".SH NAME\n" +
         roff(page) + " \\- " + roff(help) + "\n";
}

std::string entry(const OptionText& option) {
  std::string text = ".TP\n";
  for (const std::string& name : option.names) {
    if (name != option.names.front()) text += ", ";
    text += option.positional ? italic(name) : bold(name);
  }
  if (!option.positional && !option.value_name.empty()) text += " " + italic(option.value_name);
  text += "\n" + roff(option.help);
  if (option.repeated) text += "; may be repeated";
  if (option.required) text += " (required)";
  if (!option.default_value.empty()) text += " (default: " + roff(option.default_value) + ")";
  return text + "\n";
}

// The options, each group under its heading, in order of the first of each.
std::string options(const CommandText& command) {
  std::vector<std::string> groups;
  for (const OptionText& option : command.options)
    if (std::find(groups.begin(), groups.end(), option.group) == groups.end())
      groups.push_back(option.group);
  std::string text = ".SH OPTIONS\n";
  for (const std::string& group : groups) {
    if (group != groups.front()) text += ".SS " + roff(group) + "\n";
    for (const OptionText& option : command.options)
      if (option.group == group) text += entry(option);
  }
  return text;
}

std::string synopsis(const std::string& words, const CommandText& command) {
  std::string text = ".SH SYNOPSIS\n" + bold(words);
  for (const OptionText& option : command.options) {
    if (!option.required) continue;
    text += option.positional ? "" : " " + bold(option.names.back());
    text += " " + italic(option.positional ? option.names.back() : option.value_name);
  }
  return text + " [" + italic("options") + "]\n";
}

std::string see_also(const ProgramText& program, const std::string& page) {
  std::string text;
  const auto add = [&](const std::string& other) {
    if (other != page) text += (text.empty() ? "" : ", ") + bold(other) + "(1)";
  };
  add("babelgrad");
  for (const CommandText& command : program.commands) add("babelgrad-" + command.name);
  return ".SH SEE ALSO\n" + text + "\n";
}

}  // namespace

std::string manual_page(const ProgramText& program) {
  const std::string name = program.program.name;
  std::string text = title(program, name, program.program.help);
  text +=
      ".SH SYNOPSIS\n" + bold(name) + " " + italic("command") + " [" + italic("options") + "]\n";
  text += ".SH COMMANDS\n";
  for (const CommandText& command : program.commands)
    text += ".TP\n" + bold(command.name) + "\n" + roff(command.help) + "; see " +
            bold(name + "-" + command.name) + "(1)\n";
  text += options(program.program);
  text += ".SH DIAGNOSTICS\n" + roff(program.footer) + "\n";
  return text + see_also(program, name);
}

std::string manual_page(const ProgramText& program, const CommandText& command) {
  const std::string page = program.program.name + "-" + command.name;
  return title(program, page, command.help) +
         synopsis(program.program.name + " " + command.name, command) + options(command) +
         see_also(program, page);
}

}  // namespace babelgrad::apps
