# Fuzz targets: list, run. Sourced by ./dev.

fuzz_targets() { # names of all targets, one a line
  for file in test/fuzz/*_fuzz.cpp; do
    basename "$file" _fuzz.cpp
  done
}

dev_fuzz() {
  target=${1:-} duration=${2:-60}
  if [ -z "$target" ]; then
    printf 'Usage: ./dev fuzz TARGET|all [SECONDS]    (each runs for SECONDS, 60 unless given)\n\n'
    for name in $(fuzz_targets); do
      printf '  %-12s %s\n' "$name" "$(sed -n '1{s,^// ,,;s,[.] .*,.,;p}' "test/fuzz/${name}_fuzz.cpp")"
    done
    return 0
  fi
  [ $# -le 2 ] || die "fuzz takes a target and a number of seconds" 2
  case "$duration" in '' | *[!0-9]*) die "'$duration' is not a number of seconds" 2 ;; esac
  if [ "$target" = all ]; then
    names=$(fuzz_targets)
  else
    fuzz_targets | grep -qxF -- "$target" || die "there is no fuzz target '$target'; ./dev fuzz lists them" 2
    names=$target
  fi
  require_debian
  ensure_packages 1/3 build test
  # shellcheck disable=SC2046
  build_step 2/3 fuzz $(for name in $names; do printf 'fuzz_%s ' "$name"; done)
  printf '[3/3] fuzz\n'
  found=0
  for name in $names; do
    fuzz_one "$name" "$duration" || found=$((found + 1))
  done
  [ "$found" -eq 0 ] || die "$found of the targets found something or did not run"
}

# fuzz_one NAME SECONDS: runs, keeps what it learnt in build/fuzz/corpus and what it found in build/fuzz/finds.
fuzz_one() {
  corpus=build/fuzz/corpus/$1 finds=build/fuzz/finds/$1 log=build/log/fuzz-$1.log
  mkdir -p "$corpus" "$finds" build/log
  export ASAN_OPTIONS="malloc_context_size=8:detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1"
  export UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1" ASAN_SYMBOLIZER_PATH=/usr/bin/llvm-symbolizer-19
  code=0
  # shellcheck disable=SC2046
  run_long "fuzz-$1" "build/fuzz/fuzzers/$1" "-dict=test/fuzz/dictionaries/$1.dict" "-artifact_prefix=$finds/" \
    "-max_total_time=$2" -max_len=4096 -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
    "$corpus" "test/fuzz/seeds/$1" "test/fuzz/regressions/$1" $(cat "build/fuzz/fuzzers/$1.seeds") || code=$?
  executed=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  if [ "$code" -eq 0 ]; then
    printf 'ok    %-12s %10s executions, %s s\n' "$1" "$executed" "$2"
  elif ! grep -q 'Test unit written to ' "$log"; then
    printf 'FAIL  %-12s did not run: %s\n' "$1" "$(tail -n 1 "$log")"
  else
    printf 'FOUND %-12s %10s executions; the input: %s\n' "$1" "$executed" \
      "$(sed -n 's/.*Test unit written to //p' "$log" | tail -n 1)"
    printf '      put it into test/fuzz/regressions/%s under a name that tells what it was, and fix what it shows\n' "$1"
  fi
  return "$code"
}
