# cpack makes two Debian packages of what cmake --install would install: libbabelgrad-dev (component
# dev) and babelgrad (component program). scripts/release.sh makes and tries them.

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_CONTACT "$ENV{DEBFULLNAME} <$ENV{DEBEMAIL}>")  # as Debian's own tools have it
if("$ENV{DEBEMAIL}" STREQUAL "")
  set(CPACK_PACKAGE_CONTACT "The Babelgrad authors <babelgrad@localhost>")
endif()
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "")  # each package has its own, below
set(CPACK_COMPONENTS_ALL dev program)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_PRE_BUILD_SCRIPTS ${PROJECT_SOURCE_DIR}/cmake/package_files.cmake)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)

set(CPACK_DEBIAN_DEV_PACKAGE_NAME libbabelgrad-dev)
set(CPACK_DEBIAN_DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEV_PACKAGE_DEPENDS "libxtensor-dev, xtl-dev, libxsimd-dev, libopenblas-dev")
set(CPACK_DEBIAN_DEV_PACKAGE_RECOMMENDS "libsentencepiece-dev, libutf8proc-dev, pkg-config")
set(CPACK_COMPONENT_DEV_DESCRIPTION
"reverse-mode autodiff and sequence-to-sequence models in C++20
Tensors with gradients, layers and optimizers on the CPU:
find_package(Babelgrad) or pkg-config babelgrad-nn. The components text
and models also need the recommended packages.")

set(CPACK_DEBIAN_PROGRAM_PACKAGE_NAME babelgrad)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_RECOMMENDS "graphviz, librsvg2-bin")
set(CPACK_COMPONENT_PROGRAM_DESCRIPTION
"trains, runs and explains attention translators on the CPU
One program trains a sequence-to-sequence model on a parallel corpus,
translates, measures, serves over HTTP, and shows step by step what the
model looks at.")
include(CPack)
