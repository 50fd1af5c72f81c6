# Configure, build, demo, format. Sourced by ./dev.

valid_preset() {
  case "$1" in
    release | asan | tsan) ;;
    *) die "there is no preset '$1'; choose release, asan or tsan" 2 ;;
  esac
}

configure() { # configure PRESET
  dir=build/$1
  if [ ! -f "$dir/build.ninja" ] || [ CMakePresets.json -nt "$dir/build.ninja" ]; then
    run_long "configure-$1" cmake --preset "$1" || return 1
  fi
}

# ninja_run PRESET TARGET...: on a terminal ninja shows its own line; elsewhere a line every 20 s.
ninja_run() {
  preset=$1
  shift
  # Paths relative to the checkout, so that two clones share what ccache holds.
  export CCACHE_BASEDIR="$PWD" CCACHE_NOHASHDIR=1
  if [ -t 1 ]; then
    NINJA_STATUS='      [%f/%t, %e s] ' ninja -C "build/$preset" -j "$(job_count)" "$@"
  else
    run_long "build-$preset" ninja -C "build/$preset" -j "$(job_count)" "$@"
  fi
}

# build_step STEP PRESET TARGET...: builds and prints the step's line.
build_step() {
  step=$1 preset=$2
  shift 2
  build_began=$(seconds_now)
  make_folder "build/$preset"
  {
    flock 9
    configure "$preset" && ninja_run "$preset" "$@" || die "the build ($preset) failed"
  } 9>"build/$preset.lock"
  took=$(($(seconds_now) - build_began))
  what=$preset
  if [ -x "build/$preset/pintle" ]; then
    size=$(stat -c %s "build/$preset/pintle" | awk '{ printf "%.1f MB", $1 / 1000000 }')
    what="pintle $(sed -n 's/^project(pintle VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt), $size"
    [ "$preset" = release ] || what="$what, $preset"
  fi
  printf '[%s] build     ok  %s, %s s\n' "$step" "$what" "$took"
}

dev_build() {
  preset=release
  if [ "${1:-}" = --preset ]; then
    [ $# -ge 2 ] || die "--preset wants a name" 2
    preset=$2
    shift 2
  fi
  valid_preset "$preset"
  case "${1:-}" in -*) die "build does not know the option '$1'" 2 ;; esac
  [ $# -gt 0 ] || set -- pintle
  require_debian
  case "$preset" in release) ensure_packages 1/2 build ;; *) ensure_packages 1/2 build test ;; esac
  build_step 2/2 "$preset" "$@"
}

dev_demo() {
  require_debian
  ensure_packages 1/3 build
  build_step 2/3 release pintle
  printf '[3/3] '  # the program completes the line
  exec build/release/pintle demo "$@"
}

dev_fmt() {
  [ $# -eq 0 ] || die "fmt takes no arguments" 2
  require_debian
  ensure_packages 1/2 test lint
  python3 test/lint/format.py --fix
}
