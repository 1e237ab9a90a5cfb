# One library target per folder; what it links states which folders it may include.

include(${CMAKE_CURRENT_LIST_DIR}/BabelgradFind.cmake)

# Headers are included as <babelgrad/autograd/...> in the tree and after installation alike: in the
# tree a link in the build folder stands for the installed include folder.
file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/include)
file(CREATE_LINK ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR}/include/babelgrad SYMBOLIC)

# babelgrad_option(NAME "meaning" [NEEDS OTHER]): a switch that is on where Babelgrad is the top-level
# project (and OTHER is on), off inside another; an error if it is on without OTHER.
function(babelgrad_option name meaning)
  cmake_parse_arguments(ARG "" "NEEDS" "" ${ARGN})
  set(default ${PROJECT_IS_TOP_LEVEL})
  if(ARG_NEEDS AND NOT ${ARG_NEEDS})
    set(default OFF)
  endif()
  option(${name} "${meaning}" ${default})
  if(${name} AND ARG_NEEDS AND NOT ${ARG_NEEDS})
    message(FATAL_ERROR "${name} needs ${ARG_NEEDS}: switch both on, or both off")
  endif()
endfunction()

# The target babelgrad_options: how all of Babelgrad's own sources are compiled.
function(babelgrad_compile_options)
  add_library(babelgrad_options INTERFACE)
  if(PROJECT_IS_TOP_LEVEL)
    # False alarms of GCC 12: in the standard library, in xtensor's small vectors, and (the last one)
    # of what is included by files that compile several.
    target_compile_options(babelgrad_options INTERFACE -Wall -Wextra -Wshadow -Wno-sign-compare
      $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized -Wno-array-bounds
        -Wno-restrict -Wno-subobject-linkage>)
  endif()
  if(BABELGRAD_NATIVE)
    target_compile_options(babelgrad_options INTERFACE -march=native)
  endif()
  if(BABELGRAD_SANITIZE)
    target_compile_options(babelgrad_options INTERFACE
      -fsanitize=${BABELGRAD_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
      target_compile_options(babelgrad_options INTERFACE
        -fsanitize-ignorelist=${PROJECT_SOURCE_DIR}/cmake/sanitizer_ignorelist.txt)
    endif()
    target_link_options(babelgrad_options INTERFACE -fsanitize=${BABELGRAD_SANITIZE})
  endif()
endfunction()

# So many files at once where CMAKE_UNITY_BUILD is on; names in unnamed namespaces are unique in the
# whole target, and hide none that a `using namespace` brings.
set(CMAKE_UNITY_BUILD_BATCH_SIZE 16)

# babelgrad_require(WHO TARGETS...): finds the targets; an error that names WHO and what is missing.
macro(babelgrad_require who)
  babelgrad_find(babelgrad_missing ${ARGN})
  if(babelgrad_missing)
    list(JOIN babelgrad_missing ", " babelgrad_missing)
    message(FATAL_ERROR "Babelgrad: ${who} needs ${babelgrad_missing}, which cannot be found "
                        "(scripts/install.sh --list names Debian's packages)")
  endif()
endmacro()

# babelgrad_library(NAME [PUBLIC targets...] [PRIVATE targets...] [BUILD targets...]): the library of
# the folder NAME, from every .cpp file below it. The targets are libraries of other folders,
# babelgrad_OTHER, or libraries of others, which are looked for here (BabelgradFind.cmake); those
# under BUILD are headers that only its own sources include. find_package(Babelgrad) and the
# pkg-config file follow from this line.
function(babelgrad_library name)
  cmake_parse_arguments(ARG "" "" "PUBLIC;PRIVATE;BUILD" ${ARGN})
  set(folders ${ARG_PUBLIC} ${ARG_PRIVATE})
  set(externals ${folders})
  list(FILTER folders INCLUDE REGEX "^babelgrad_")
  list(FILTER externals EXCLUDE REGEX "^babelgrad_")
  babelgrad_require(${name} ${externals} ${ARG_BUILD})

  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  add_library(babelgrad_${name} STATIC ${sources})
  add_library(Babelgrad::${name} ALIAS babelgrad_${name})
  target_include_directories(babelgrad_${name} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/include>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_compile_features(babelgrad_${name} PUBLIC cxx_std_20)
  target_link_libraries(babelgrad_${name} PUBLIC ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE}
                        $<BUILD_INTERFACE:babelgrad_options>)
  foreach(headers ${ARG_BUILD})
    target_link_libraries(babelgrad_${name} PRIVATE $<BUILD_INTERFACE:${headers}>)
  endforeach()
  list(TRANSFORM folders REPLACE "^babelgrad_" "")
  set_target_properties(babelgrad_${name} PROPERTIES
    EXPORT_NAME ${name} BABELGRAD_FOLDERS "${folders}" BABELGRAD_EXTERNALS "${externals}")
  set_property(GLOBAL APPEND PROPERTY BABELGRAD_LIBRARIES ${name})
endfunction()
