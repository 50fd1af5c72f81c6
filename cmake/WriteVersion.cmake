# Writes OUTPUT (a C++ source) with the version and the commit; leaves the file alone when nothing changed.
set(COMMIT "")
find_program(GIT git)
if(GIT AND EXISTS "${SOURCE_DIR}/.git")
  execute_process(COMMAND ${GIT} -C ${SOURCE_DIR} rev-parse --short=12 HEAD
                  OUTPUT_VARIABLE COMMIT OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE FAILED)
  if(FAILED)
    set(COMMIT "")
  endif()
endif()
file(CONFIGURE OUTPUT "${OUTPUT}" @ONLY CONTENT [=[
#include <pintle/base/version.hpp>

namespace pintle {

std::string_view version() noexcept { return "@VERSION@"; }
std::string_view git_commit() noexcept { return "@COMMIT@"; }

}  // namespace pintle
]=])
