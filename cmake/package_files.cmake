# cpack runs this on the files of each package before it packs them: Debian wants man pages
# compressed, and a changelog.
file(GLOB roots ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/*)
string(TIMESTAMP now "%a, %d %b %Y %H:%M:%S +0000" UTC)
foreach(root ${roots})
  file(GLOB folders ${root}/usr/share/doc/*)
  foreach(folder ${folders})
    cmake_path(GET folder FILENAME package)
    file(WRITE ${folder}/changelog
         "${package} (${CPACK_PACKAGE_VERSION}) unstable; urgency=medium\n\n"
         "  * Version ${CPACK_PACKAGE_VERSION}.\n\n -- ${CPACK_PACKAGE_CONTACT}  ${now}\n")
  endforeach()
  file(GLOB_RECURSE files ${root}/usr/share/man/*.1 ${root}/usr/share/doc/*/changelog)
  foreach(file ${files})
    execute_process(COMMAND gzip -9nf ${file} COMMAND_ERROR_IS_FATAL ANY)
  endforeach()
endforeach()
