# The test cluster and the conformance suite in it. Sourced by ./dev.

# cluster_packages STEP GROUP...: those of the cluster beside the given ones. A container runtime or a Go of another origin is
# taken as it is: apt would remove the one (docker's containerd.io), and has no use for a second of the other.
cluster_packages() {
  cluster_step=$1
  shift
  { command -v containerd && command -v runc; } >/dev/null 2>&1 || set -- "$@" runtime
  if ! python3 test/cluster/build.py --complete 2>/dev/null; then
    command -v go >/dev/null 2>&1 || [ -x /usr/local/go/bin/go ] || set -- "$@" golang
  fi
  ensure_packages "$cluster_step" cluster "$@"
}

# cluster_programs STEP: builds what the cache lacks, and prints the step's line.
cluster_programs() {
  cluster_began=$(seconds_now)
  python3 test/cluster/build.py || die "the cluster's programs could not be built"
  printf '[%s] programs  ok (%s s)\n' "$1" "$(($(seconds_now) - cluster_began))"
}

dev_cluster() {
  case "${1:-help}" in
    up | test)
      [ "$(id -u)" -eq 0 ] || die "a cluster takes root: sudo ./dev cluster $1"
      require_debian
      cluster_packages 1/3
      cluster_programs 2/3
      printf '[3/3] cluster\n'
      python3 test/cluster/cluster.py up
      [ "$1" = up ] || exec python3 test/cluster/cluster.py "$@"
      ;;
    *) exec python3 test/cluster/cluster.py "$@" ;;
  esac
}

dev_installed() {
  case " $* " in *" --help "* | *" -h "*) exec python3 test/installed/run.py --help ;; esac
  [ "$(id -u)" -eq 0 ] || die "the chart is installed in a cluster, which takes root: sudo ./dev installed"
  require_debian
  cluster_packages 1/5 build image
  build_step 2/5 release pintle
  image_step 3/5
  cluster_programs 4/5
  printf '[5/5] installed\n'
  exec python3 test/installed/run.py "$@"
}

dev_conformance() {
  case " $* " in *" --help "* | *" -h "*) exec python3 test/conformance/run.py --help ;; esac
  [ "$(id -u)" -eq 0 ] || die "conformance runs in a cluster, which takes root: sudo ./dev conformance"
  require_debian
  cluster_packages 1/5 build image
  python3 test/conformance/run.py --check "$@" || exit $?
  build_step 2/5 release pintle
  image_step 3/5
  cluster_programs 4/5
  printf '[5/5] conformance\n'
  exec python3 test/conformance/run.py "$@"
}
