# Long tests of the built program: floods at full size, a soak, and how often the zero-loss suite fails. Sourced by ./dev.

reliability_build() { # TARGET...
  require_debian
  ensure_packages 1/3 build test
  build_step 2/3 release pintle "$@"
}

dev_floods() {
  [ $# -eq 0 ] || die "floods takes no arguments" 2
  reliability_build
  printf '[3/3] floods\n'
  code=0
  for suite in test_slow_clients test_starvation test_hostile_backends test_floods test_h2.H2Floods; do
    /usr/bin/python3 test/integration/run.py --filter "$suite" --long || code=1
  done
  return "$code"
}

dev_soak() {
  reliability_build bench_tools
  printf '[3/3] soak\n'
  exec python3 test/integration/soak.py "$@"
}

dev_flakes() {
  times=${1:-20}
  case "$times" in *[!0-9]*) die "'$times' is not a number of repeats" 2 ;; esac
  reliability_build
  printf '[3/3] test_zero_loss, %s times\n' "$times"
  exec /usr/bin/python3 test/integration/run.py --filter test_zero_loss --repeat "$times"
}

dev_coverage() {
  require_debian
  ensure_packages 1/2 build test
  printf '[2/2] coverage\n'
  exec python3 test/fuzz/coverage.py --jobs "$(job_count)" "$@"
}
