# Every linter of test/lint. Sourced by ./dev.

dev_lint() {
  require_debian
  ensure_packages 1/2 build test lint
  make_folder build
  { flock 9; configure release; } 9>build/release.lock || die "cmake could not configure"
  printf '[2/2] lint\n'
  exec python3 test/lint/run.py --jobs "$(job_count)" "$@"
}
