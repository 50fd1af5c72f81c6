# One generated file per header that includes the header and nothing else: it compiles only if the header is complete.
file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE "${PROJECT_SOURCE_DIR}"
  "${PROJECT_SOURCE_DIR}/include/*.hpp" "${PROJECT_SOURCE_DIR}/controller/*.hpp"
  "${PROJECT_SOURCE_DIR}/dataplane/*.hpp" "${PROJECT_SOURCE_DIR}/src/*.hpp")
set(units "")
foreach(header IN LISTS headers)
  string(REPLACE "/" "_" name "${header}")
  set(unit "${PROJECT_BINARY_DIR}/header_check/${name}.cpp")
  string(REGEX REPLACE "^include/" "" included "${header}")
  file(CONFIGURE OUTPUT "${unit}" CONTENT "#include \"${included}\"\n#include \"${included}\"\n")
  list(APPEND units "${unit}")
endforeach()
add_library(pintle_header_check OBJECT ${units})
target_link_libraries(pintle_header_check PRIVATE pintle_options pintle_app pintle_admin pintle_beast spdlog::spdlog
  yaml-cpp nlohmann_json::nlohmann_json OpenSSL::SSL CLI11::CLI11)
