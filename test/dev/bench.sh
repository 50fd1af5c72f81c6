# The data path beside its peers, and its noise-free gates. Sourced by ./dev.

dev_bench() {
  require_debian
  ensure_packages 1/3 build bench
  build_step 2/3 release pintle bench_tools
  if [ "${1:-}" = gates ]; then
    shift
    printf '[3/3] gates\n'
    exec python3 test/bench/gates.py "$@"
  fi
  printf '[3/3] bench\n'
  exec python3 test/bench/run.py "$@"
}
