# cmake --install: the libraries with their headers, find_package(Babelgrad COMPONENTS ...) with the
# targets Babelgrad::NAME, babelgrad-NAME.pc for pkg-config, and the program with its man pages and
# completion if it is built. Two install components, `dev` and `program`, become two Debian packages
# (BabelgradPackage.cmake).

set(BABELGRAD_ZSH_DIR ${CMAKE_INSTALL_DATAROOTDIR}/zsh/site-functions CACHE STRING
    "Where zsh's completion is installed")
set(BABELGRAD_CMAKE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/Babelgrad)

# Each library has an export of its own, so that a component is read only where it is wanted.
function(babelgrad_install_library name)
  install(TARGETS babelgrad_${name} EXPORT Babelgrad-${name}
          ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT dev)
  install(EXPORT Babelgrad-${name} NAMESPACE Babelgrad:: DESTINATION ${BABELGRAD_CMAKE_DIR}
          COMPONENT dev)
  # All headers but those that only kernels of one instruction set, or our own sources, may include.
  file(GLOB_RECURSE headers RELATIVE ${PROJECT_SOURCE_DIR} CONFIGURE_DEPENDS
       ${PROJECT_SOURCE_DIR}/${name}/*.h)
  list(FILTER headers EXCLUDE REGEX "(kernels/(simd.*|instruction_sets)|base/json)\\.h$")
  foreach(header ${headers})
    cmake_path(GET header PARENT_PATH folder)
    install(FILES ${header} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/babelgrad/${folder}
            COMPONENT dev)
  endforeach()
endfunction()

# The libraries are static, so whatever they link stands under Requires, not Requires.private.
function(babelgrad_install_pkgconfig name)
  get_target_property(folders babelgrad_${name} BABELGRAD_FOLDERS)
  get_target_property(externals babelgrad_${name} BABELGRAD_EXTERNALS)
  get_target_property(definitions babelgrad_${name} INTERFACE_COMPILE_DEFINITIONS)
  set(requires ${folders})
  list(TRANSFORM requires PREPEND babelgrad-)
  set(libs -lbabelgrad_${name})
  foreach(external ${externals})
    if(external STREQUAL Threads::Threads)
      list(APPEND libs -pthread)
    else()
      babelgrad_package_name(${external} package)
      list(APPEND requires ${package})
    endif()
  endforeach()
  set(flags "")
  if(definitions)
    list(TRANSFORM definitions PREPEND -D OUTPUT_VARIABLE flags)
  endif()
  list(JOIN requires ", " requires)
  list(JOIN libs " " libs)
  list(JOIN flags " " flags)
  set(pkgconfig_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
  string(REGEX REPLACE "[^/]+" ".." to_prefix ${pkgconfig_dir})
  configure_file(${PROJECT_SOURCE_DIR}/cmake/babelgrad.pc.in
                 ${PROJECT_BINARY_DIR}/babelgrad-${name}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/babelgrad-${name}.pc DESTINATION ${pkgconfig_dir}
          COMPONENT dev)
endfunction()

function(babelgrad_install_program)
  set(share ${CMAKE_INSTALL_DATAROOTDIR})
  install(TARGETS babelgrad RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT program)
  if(TARGET babelgrad_mpi)
    install(TARGETS babelgrad_mpi LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/babelgrad
            COMPONENT program)
  endif()
  install(FILES ${PROJECT_SOURCE_DIR}/LICENSE RENAME copyright DESTINATION ${share}/doc/babelgrad
          COMPONENT program)
  get_target_property(documents babelgrad BABELGRAD_DOCUMENTS)
  if(documents)
    install(DIRECTORY ${documents}/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT program
            FILES_MATCHING PATTERN "*.1")
    install(FILES ${documents}/babelgrad.bash RENAME babelgrad
            DESTINATION ${share}/bash-completion/completions COMPONENT program)
    install(FILES ${documents}/_babelgrad DESTINATION ${BABELGRAD_ZSH_DIR} COMPONENT program)
    install(FILES ${documents}/babelgrad.fish DESTINATION ${share}/fish/vendor_completions.d
            COMPONENT program)
  endif()
endfunction()

function(babelgrad_install)
  include(CMakePackageConfigHelpers)
  get_property(libraries GLOBAL PROPERTY BABELGRAD_LIBRARIES)
  set(needs "")  # of the installed libraries, for the package's configuration
  foreach(name ${libraries})
    babelgrad_install_library(${name})
    babelgrad_install_pkgconfig(${name})
    get_target_property(folders babelgrad_${name} BABELGRAD_FOLDERS)
    get_target_property(externals babelgrad_${name} BABELGRAD_EXTERNALS)
    string(APPEND needs "set(babelgrad_${name}_folders ${folders})\n"
                        "set(babelgrad_${name}_externals ${externals})\n")
  endforeach()
  configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/BabelgradConfig.cmake.in
    ${PROJECT_BINARY_DIR}/BabelgradConfig.cmake INSTALL_DESTINATION ${BABELGRAD_CMAKE_DIR})
  write_basic_package_version_file(${PROJECT_BINARY_DIR}/BabelgradConfigVersion.cmake
                                   COMPATIBILITY SameMinorVersion)
  install(FILES ${PROJECT_BINARY_DIR}/BabelgradConfig.cmake
                ${PROJECT_BINARY_DIR}/BabelgradConfigVersion.cmake
                ${PROJECT_SOURCE_DIR}/cmake/BabelgradFind.cmake
          DESTINATION ${BABELGRAD_CMAKE_DIR} COMPONENT dev)
  install(FILES ${PROJECT_SOURCE_DIR}/LICENSE RENAME copyright
          DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/doc/libbabelgrad-dev COMPONENT dev)
  if(BABELGRAD_APPS)
    babelgrad_install_program()
  endif()
endfunction()
