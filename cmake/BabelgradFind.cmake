# How the libraries of others that Babelgrad links are found: by the build, and by the installed
# package, which carries this file along.

# PkgConfig::NAME is found by pkg-config, under this module name; any other target by find_package.
set(BABELGRAD_MODULE_OPENBLAS openblas)
set(BABELGRAD_MODULE_SENTENCEPIECE sentencepiece)
set(BABELGRAD_MODULE_UTF8PROC libutf8proc)
set(BABELGRAD_MODULE_PROMETHEUS prometheus-cpp-core)
set(BABELGRAD_MODULE_OMPI ompi)

# babelgrad_package_name(TARGET OUT): what TARGET is called where it is looked for.
function(babelgrad_package_name target out)
  if(target MATCHES "^PkgConfig::(.+)$")
    set(${out} ${BABELGRAD_MODULE_${CMAKE_MATCH_1}} PARENT_SCOPE)
  else()
    string(REGEX REPLACE "::.*" "" package ${target})
    set(${out} ${package} PARENT_SCOPE)
  endif()
endfunction()

# babelgrad_find(MISSING TARGETS...): finds what is not there yet; MISSING becomes the names of what
# cannot be found. The targets are global, since a parent project links them through ours.
macro(babelgrad_find missing)
  set(${missing} "")
  foreach(babelgrad_target ${ARGN})
    babelgrad_package_name(${babelgrad_target} babelgrad_package)
    if(TARGET ${babelgrad_target})
    elseif(babelgrad_target MATCHES "^PkgConfig::(.+)$")
      set(babelgrad_prefix ${CMAKE_MATCH_1})
      find_package(PkgConfig QUIET)
      if(PkgConfig_FOUND)
        pkg_check_modules(${babelgrad_prefix} QUIET IMPORTED_TARGET GLOBAL ${babelgrad_package})
      endif()
    else()
      find_package(${babelgrad_package} QUIET GLOBAL)
    endif()
    if(NOT TARGET ${babelgrad_target})
      list(APPEND ${missing} ${babelgrad_package})
    endif()
  endforeach()
endmacro()
