# The flags every target is built with. Warnings are errors.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

set(KADEN_SANITIZE "" CACHE STRING "value of -fsanitize= for every target")
option(KADEN_FUZZ "build *_fuzz.cpp with libFuzzer (clang only)" OFF)

find_program(KADEN_CCACHE ccache)
if(KADEN_CCACHE)
  # Paths are cached relative to the checkout, so that a fresh clone in another folder finds what was built before.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${KADEN_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${CMAKE_CXX_COMPILER_LAUNCHER})
endif()

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor
  -Wold-style-cast -Woverloaded-virtual -Wnull-dereference -Wimplicit-fallthrough -Werror)
add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-Wsuggest-override>)
add_compile_definitions(KADEN_VERSION="${PROJECT_VERSION}")
add_compile_definitions(BOOST_ASIO_NO_DEPRECATED BOOST_BEAST_USE_STD_STRING_VIEW BOOST_DISABLE_PRAGMA_MESSAGE SPDLOG_FMT_EXTERNAL)

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 reports these inside its own and Boost's headers once sanitizers or -O2 change inlining
  # (GCC bugs 105562, 105329, 107532); clang-tidy and the sanitizers cover the same ground.
  add_compile_options(-Wno-maybe-uninitialized -Wno-restrict -Wno-null-dereference)
endif()

if(CMAKE_BUILD_TYPE STREQUAL "Release")
  add_compile_options(-O2 -g1 -D_FORTIFY_SOURCE=2 -fstack-protector-strong)
  add_compile_definitions(_GLIBCXX_ASSERTIONS)
else()
  # -g1: stack traces keep their lines, and a cold build takes two thirds of the time and a third of the space of -g.
  add_compile_options(-g1 -O1 -fno-omit-frame-pointer)
  add_compile_definitions(_GLIBCXX_ASSERTIONS)
endif()
# assert() is never used for our own mistakes (kaden::require is), so NDEBUG changes nothing we rely on.

if(KADEN_SANITIZE)
  add_compile_options(-fsanitize=${KADEN_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${KADEN_SANITIZE})
endif()
if(KADEN_SANITIZE MATCHES "thread")
  # g++ cannot follow stand-alone fences under ThreadSanitizer (-Wtsan); Asio has a way without them.
  add_compile_definitions(BOOST_ASIO_DISABLE_FENCED_BLOCK)
endif()
if(KADEN_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(GTest REQUIRED)
find_package(benchmark REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(CURL REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(CLI11 REQUIRED)
find_package(tl-expected REQUIRED)
find_package(prometheus-cpp REQUIRED)
find_package(pugixml REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json url)
pkg_check_modules(sofia REQUIRED IMPORTED_TARGET sofia-sip-ua)
pkg_check_modules(systemd REQUIRED IMPORTED_TARGET libsystemd)
pkg_check_modules(samplerate REQUIRED IMPORTED_TARGET samplerate)
pkg_check_modules(espeak REQUIRED IMPORTED_TARGET espeak-ng)
pkg_check_modules(gmime REQUIRED IMPORTED_TARGET gmime-3.0)
pkg_check_modules(netsnmp REQUIRED IMPORTED_TARGET netsnmp)
include(GoogleTest)
