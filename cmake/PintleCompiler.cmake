# Compiler, warnings, hardening. Everything hangs on the interface target pintle_options.

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  message(FATAL_ERROR
    "GCC ${CMAKE_CXX_COMPILER_VERSION} cannot build Pintle: below version 13 it silently miscompiles "
    "conditions such as `if (!co_await f())`, so the program would build and then misbehave. "
    "Use clang-19: ./dev build, or cmake --preset release.")
endif()

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
include(CheckPIESupported)
check_pie_supported(LANGUAGES CXX)
include(GNUInstallDirs)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Debug or Release" FORCE)
endif()
# Asserts stay on in a release: a broken invariant must stop the program, not be guessed around.
set(CMAKE_CXX_FLAGS_RELEASE "-O2")
if(NOT PINTLE_SANITIZE)
  set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g1")
endif()

if(NOT CMAKE_CXX_COMPILER_LAUNCHER)
  find_program(PINTLE_CCACHE ccache)
  if(PINTLE_CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER "${PINTLE_CCACHE}")
  endif()
endif()

add_library(pintle_options INTERFACE)
target_include_directories(pintle_options INTERFACE "${PROJECT_SOURCE_DIR}/include" "${PROJECT_SOURCE_DIR}")
target_compile_options(pintle_options INTERFACE
  -Wall -Wextra -Wconversion -Wshadow -Werror
  -fstack-protector-strong -ffunction-sections -fdata-sections)
target_compile_definitions(pintle_options INTERFACE _GLIBCXX_ASSERTIONS)
target_link_options(pintle_options INTERFACE -Wl,-z,relro,-z,now -Wl,-z,noexecstack -Wl,--gc-sections)

if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|amd64|AMD64")
  target_compile_options(pintle_options INTERFACE -fcf-protection)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
  target_compile_options(pintle_options INTERFACE -mbranch-protection=standard)
endif()
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  target_link_options(pintle_options INTERFACE -fuse-ld=lld)
endif()

if(PINTLE_SANITIZE)
  target_compile_options(pintle_options INTERFACE
    -fsanitize=${PINTLE_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(pintle_options INTERFACE -fsanitize=${PINTLE_SANITIZE})
  if(PINTLE_SANITIZE MATCHES "undefined")
    # The vptr check opens descriptors to look at memory, and calls every object broken once the process has none left.
    target_compile_options(pintle_options INTERFACE -fno-sanitize=vptr)
    target_link_options(pintle_options INTERFACE -fno-sanitize=vptr)
  endif()
elseif(CMAKE_BUILD_TYPE STREQUAL "Release")
  # The sanitizers bring checks of their own, and fortify needs optimisation: release alone.
  target_compile_options(pintle_options INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
endif()
# Objects of a release hold machine code and bitcode: the shipped program is optimised as a whole, so that calls between
# modules are drawn in, while the test programs link the machine code and are as quick to build as before.
set(PINTLE_LTO_OPTIONS "")
if(CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT PINTLE_SANITIZE AND CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  set(PINTLE_LTO_OPTIONS -flto=thin -ffat-lto-objects)
endif()

# pintle_link_whole(TARGET): a program optimised as a whole; what did not change since the last link comes from a cache.
function(pintle_link_whole TARGET)
  if(NOT PINTLE_LTO_OPTIONS)
    return()
  endif()
  target_compile_options(${TARGET} PRIVATE ${PINTLE_LTO_OPTIONS})
  target_link_options(${TARGET} PRIVATE ${PINTLE_LTO_OPTIONS}
    "LINKER:--thinlto-cache-dir=${PROJECT_BINARY_DIR}/lto" "LINKER:--thinlto-cache-policy=cache_size_bytes=256m"
    "LINKER:--thinlto-jobs=2")
endfunction()

if(PINTLE_FUZZ)
  target_compile_options(pintle_options INTERFACE -fsanitize=fuzzer-no-link)  # every module counts its edges
endif()
