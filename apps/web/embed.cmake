# cmake -DFOLDER=... -DFILES=a;b -DOUTPUT=... -P embed.cmake
# Writes a .cpp file that defines babelgrad::apps::embedded_files() from the contents of FILES.
set(code "// Made by apps/web/embed.cmake.\n#include \"babelgrad/apps/web/embedded_files.h\"\n\n")
string(APPEND code "namespace babelgrad::apps {\n\nconst std::vector<EmbeddedFile>& embedded_files() {\n")
string(APPEND code "  static const std::vector<EmbeddedFile> files = {\n")
foreach(file IN LISTS FILES)
  file(READ ${FOLDER}/${file} content)
  string(APPEND code "      {\"${file}\", R\"~embedded~(${content})~embedded~\"},\n")
endforeach()
string(APPEND code "  };\n  return files;\n}\n\n}  // namespace babelgrad::apps\n")
file(WRITE ${OUTPUT} "${code}")
