#include "babelgrad/apps/terminal.h"

#include <langinfo.h>
#include <locale.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace babelgrad::apps {

std::optional<std::size_t> terminal_columns(int descriptor) {
  constexpr std::size_t kUsual = 80;
  const char* kind = std::getenv("TERM");
  if (::isatty(descriptor) == 0 || !kind || std::string_view(kind) == "dumb") return std::nullopt;
  winsize size{};
  if (::ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kUsual;
  return size.ws_col;
}

bool locale_is_utf8() {
  const locale_t locale = ::newlocale(LC_CTYPE_MASK, "", nullptr);
  if (!locale) return false;
  const bool utf8 = std::string_view(::nl_langinfo_l(CODESET, locale)) == "UTF-8";
  ::freelocale(locale);
  return utf8;
}

}  // namespace babelgrad::apps
