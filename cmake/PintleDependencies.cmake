# Libraries of the distribution. The heavy ones are compiled once here and linked by whoever needs them.

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
find_package(CURL 7.88 REQUIRED COMPONENTS SSL)
# Its declarations alone: the library is opened by the command that needs it (controller/kube/curl.hpp).
add_library(pintle::curl INTERFACE IMPORTED)
target_include_directories(pintle::curl SYSTEM INTERFACE ${CURL_INCLUDE_DIRS})
target_link_libraries(pintle::curl INTERFACE ${CMAKE_DL_LIBS})
find_package(Boost 1.81 REQUIRED)
if(PINTLE_BUILD_TESTS)
  enable_testing()
  find_package(GTest REQUIRED)
endif()

find_path(PINTLE_RE2_INCLUDE re2/re2.h REQUIRED)
find_library(PINTLE_RE2_LIBRARY re2 REQUIRED)
add_library(pintle::re2 UNKNOWN IMPORTED)
set_target_properties(pintle::re2 PROPERTIES IMPORTED_LOCATION "${PINTLE_RE2_LIBRARY}")
target_include_directories(pintle::re2 SYSTEM INTERFACE "${PINTLE_RE2_INCLUDE}")

find_path(PINTLE_NGHTTP2_INCLUDE nghttp2/nghttp2.h REQUIRED)
find_library(PINTLE_NGHTTP2_LIBRARY nghttp2 REQUIRED)
add_library(pintle::nghttp2 UNKNOWN IMPORTED)
set_target_properties(pintle::nghttp2 PROPERTIES IMPORTED_LOCATION "${PINTLE_NGHTTP2_LIBRARY}")
target_include_directories(pintle::nghttp2 SYSTEM INTERFACE "${PINTLE_NGHTTP2_INCLUDE}")

# Asio and Beast are header libraries that cost seconds in every file; compiled separately they cost them once.
add_library(pintle_asio STATIC cmake/asio_impl.cpp)
target_compile_definitions(pintle_asio PUBLIC BOOST_ASIO_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED
                                              BOOST_ASIO_DISABLE_VISIBILITY)
target_link_libraries(pintle_asio PUBLIC Boost::headers Threads::Threads PRIVATE pintle_options)

add_library(pintle_beast STATIC cmake/beast_impl.cpp)
target_compile_definitions(pintle_beast PUBLIC BOOST_BEAST_SEPARATE_COMPILATION)
target_link_libraries(pintle_beast PUBLIC pintle_asio PRIVATE pintle_options)

# Version and commit: a library of its own, so that a new commit relinks two programs and recompiles one line.
set(PINTLE_VERSION_SOURCE "${PROJECT_BINARY_DIR}/generated/version.cpp")
set(PINTLE_VERSION_COMMAND ${CMAKE_COMMAND} -DOUTPUT=${PINTLE_VERSION_SOURCE} -DVERSION=${PROJECT_VERSION}
    -DSOURCE_DIR=${PROJECT_SOURCE_DIR} -P ${PROJECT_SOURCE_DIR}/cmake/WriteVersion.cmake)
execute_process(COMMAND ${PINTLE_VERSION_COMMAND} COMMAND_ERROR_IS_FATAL ANY)
add_custom_target(pintle_version_stamp COMMAND ${PINTLE_VERSION_COMMAND} BYPRODUCTS ${PINTLE_VERSION_SOURCE}
                  COMMENT "Version")
add_library(pintle_version STATIC "${PINTLE_VERSION_SOURCE}")
target_link_libraries(pintle_version PRIVATE pintle_options)
add_dependencies(pintle_version pintle_version_stamp)
