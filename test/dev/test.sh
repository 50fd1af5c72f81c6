# Build and run every suite. Sourced by ./dev.

dev_test() {
  test_preset=release
  test_names=
  while [ $# -gt 0 ]; do
    case "$1" in
      --preset)
        [ $# -ge 2 ] || die "--preset wants a name" 2
        test_preset=$2
        shift
        ;;
      --preset=*) test_preset=${1#--preset=} ;;
      -*) die "test does not know the option '$1'" 2 ;;
      *) test_names="$test_names $1" ;;
    esac
    shift
  done
  valid_preset "$test_preset"
  require_debian
  ensure_packages 1/3 build test
  build_step 2/3 "$test_preset" all
  printf '[3/3] suites\n'
  # shellcheck disable=SC2086
  exec python3 test/dev/suites.py --preset "$test_preset" --jobs "$(job_count)" $test_names
}
