# What is made from the Helm chart. Sourced by ./dev.

dev_chart() {
  require_debian
  ensure_packages 1/2 test
  printf '[2/2] chart\n'
  exec python3 deploy/chart.py "$@"
}
