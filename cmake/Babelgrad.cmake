# One library target per folder; what it links states which folders it may include.

macro(babelgrad_find_dependencies)
  find_package(Threads REQUIRED)
  find_package(xtl REQUIRED)
  find_package(xsimd REQUIRED)
  find_package(xtensor REQUIRED)
  find_package(nlohmann_json REQUIRED)
  find_package(PkgConfig REQUIRED)
  pkg_check_modules(OPENBLAS REQUIRED IMPORTED_TARGET openblas)
  pkg_check_modules(SENTENCEPIECE REQUIRED IMPORTED_TARGET sentencepiece)
  pkg_check_modules(UTF8PROC REQUIRED IMPORTED_TARGET libutf8proc)
endmacro()

# Headers are included as <babelgrad/autograd/...> in the tree and after installation alike: in the
# tree a link in the build folder stands for the installed include folder.
file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/include)
file(CREATE_LINK ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR}/include/babelgrad SYMBOLIC)

add_library(babelgrad_options INTERFACE)
# False alarms of GCC 12 in the standard library and in xtensor's small vectors.
target_compile_options(babelgrad_options INTERFACE -Wall -Wextra -Wshadow -Wno-sign-compare
  $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized -Wno-array-bounds
    -Wno-restrict>)
if(BABELGRAD_NATIVE)
  target_compile_options(babelgrad_options INTERFACE -march=native)
endif()
if(BABELGRAD_SANITIZE)
  target_compile_options(babelgrad_options INTERFACE
    -fsanitize=${BABELGRAD_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(babelgrad_options INTERFACE -fsanitize=${BABELGRAD_SANITIZE})
endif()

# babelgrad_library(NAME [PUBLIC targets...] [PRIVATE targets...]): the library of the folder NAME,
# from every .cpp file in it (kernels/ included).
function(babelgrad_library name)
  cmake_parse_arguments(ARG "" "" "PUBLIC;PRIVATE" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  add_library(babelgrad_${name} STATIC ${sources})
  add_library(babelgrad::${name} ALIAS babelgrad_${name})
  set_target_properties(babelgrad_${name} PROPERTIES EXPORT_NAME ${name})
  target_include_directories(babelgrad_${name} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/include> $<INSTALL_INTERFACE:include>)
  target_compile_features(babelgrad_${name} PUBLIC cxx_std_20)
  target_link_libraries(babelgrad_${name} PUBLIC ${ARG_PUBLIC}
                        PRIVATE $<BUILD_INTERFACE:babelgrad_options> ${ARG_PRIVATE})
  set_property(GLOBAL APPEND PROPERTY BABELGRAD_LIBRARIES ${name})
endfunction()

# cmake --install gives find_package(Babelgrad) with Babelgrad::autograd, ::nn, ::text, ::models.
function(babelgrad_install)
  include(CMakePackageConfigHelpers)
  get_property(libraries GLOBAL PROPERTY BABELGRAD_LIBRARIES)
  foreach(name ${libraries})
    install(TARGETS babelgrad_${name} EXPORT BabelgradTargets
            ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
    install(DIRECTORY ${PROJECT_SOURCE_DIR}/${name} DESTINATION include/babelgrad
            FILES_MATCHING PATTERN "*.h"
            PATTERN "kernels/simd*.h" EXCLUDE PATTERN "kernels/instruction_sets.h" EXCLUDE)
  endforeach()
  install(EXPORT BabelgradTargets NAMESPACE Babelgrad::
          DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/Babelgrad)
  configure_package_config_file(cmake/BabelgradConfig.cmake.in
    ${PROJECT_BINARY_DIR}/BabelgradConfig.cmake
    INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/Babelgrad)
  write_basic_package_version_file(${PROJECT_BINARY_DIR}/BabelgradConfigVersion.cmake
                                   COMPATIBILITY SameMinorVersion)
  install(FILES ${PROJECT_BINARY_DIR}/BabelgradConfig.cmake
                ${PROJECT_BINARY_DIR}/BabelgradConfigVersion.cmake
          DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/Babelgrad)
  install(TARGETS babelgrad RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endfunction()
