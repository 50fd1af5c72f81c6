# What goes upstream, read by parsers that are not ours. Sourced by ./dev.

dev_differential() {
  require_debian
  ensure_packages 1/3 build differential
  build_step 2/3 release pintle
  printf '[3/3] differential\n'
  # The distribution's own interpreter: it is the one that sees the distribution's modules.
  exec /usr/bin/python3 test/differential/run.py "$@"
}
