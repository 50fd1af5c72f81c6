# Operating system check and packages. Sourced by ./dev.

require_debian() {
  [ "${PINTLE_ANY_OS:-}" = 1 ] && return 0
  os_id=unknown os_version=unknown
  if [ -r /etc/os-release ]; then
    os_id=$(. /etc/os-release && echo "${ID:-unknown}")
    os_version=$(. /etc/os-release && echo "${VERSION_ID:-unknown}")
  fi
  arch=$(dpkg --print-architecture 2>/dev/null || uname -m)
  case "$os_id/$os_version/$arch" in
    debian/12/amd64 | debian/12/arm64) ;;
    *)
      say_error "this is $os_id $os_version on $arch; Pintle is built and tested on Debian 12, amd64 and arm64."
      say_error "Use such a machine or container, or go on at your own risk with PINTLE_ANY_OS=1 ./dev ..."
      exit 1
      ;;
  esac
}

# packages_of GROUP...: the names of these groups, one a line.
packages_of() {
  for group in "$@"; do
    awk -v group="$group" '$1 == group { print $2 }' test/dev/packages.txt
  done
}

# missing_packages GROUP...: those not installed. One dpkg-query, no network.
missing_packages() {
  # shellcheck disable=SC2046
  installed=$(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' $(packages_of "$@") 2>/dev/null | awk '$1 == "ii" { print $2 }')
  for name in $(packages_of "$@"); do
    printf '%s\n' "$installed" | grep -qxF -- "$name" || echo "$name"
  done
}

# ensure_packages STEP GROUP...: installs what is missing; prints the step's line.
ensure_packages() {
  step=$1
  shift
  if ! command -v dpkg-query >/dev/null 2>&1; then
    printf '[%s] packages  not checked: no dpkg on this system\n' "$step"
    return 0
  fi
  total=$(packages_of "$@" | wc -l)
  missing=$(missing_packages "$@")
  count=0
  if [ -n "$missing" ]; then
    count=$(printf '%s\n' "$missing" | wc -l)
    install_packages "$count" "$missing"
    still=$(missing_packages "$@" | tr '\n' ' ')
    [ -z "$still" ] || die "apt said it was done, but these are still missing: $still"
  fi
  printf '[%s] packages  ok (%s present, %s installed)\n' "$step" "$((total - count))" "$count"
}

install_packages() {
  wanted=$(printf '%s\n' "$2" | tr '\n' ' ')
  if [ "$(id -u)" -eq 0 ]; then
    as_root=
  elif command -v sudo >/dev/null 2>&1; then
    as_root=sudo
  else
    say_error "$1 packages are missing, and you are neither root nor is there sudo. As root, run:"
    say_error "  apt-get update && apt-get install --no-install-recommends $wanted"
    exit 1
  fi
  [ -z "$as_root" ] || sudo -v || die "sudo refused; the missing packages are: $wanted"
  explain_boost_clash "$wanted"
  printf '      installing %s: %s\n' "$1" "$wanted"
  # shellcheck disable=SC2086
  if ! run_long apt-install apt_install $wanted; then
    say_error "apt could not install: $wanted"
    if grep -qE 'Temporary failure resolving|Could not resolve|Could not connect|Network is unreachable' build/log/apt-install.log; then
      die "The Debian mirror cannot be reached: packages need a network once. The whole log: build/log/apt-install.log"
    fi
    die "The whole log: build/log/apt-install.log"
  fi
}

# as_root_run COMMAND...: Ctrl-C reaches it although it runs in the background. INT and not TERM: apt defers that one while
# dpkg is at work, so nothing is left half installed.
as_root_run() {
  env --default-signal=INT $as_root env DEBIAN_FRONTEND=noninteractive "$@" &
  root_pid=$!
  trap 'kill -INT "$root_pid" 2>/dev/null || true' TERM
  root_code=0
  wait "$root_pid" || root_code=$?
  wait "$root_pid" 2>/dev/null || true
  return "$root_code"
}

# With the package lists at hand no update is needed; without, or when they are stale, one update and a second try.
apt_install() {
  apt_try() {
    as_root_run apt-get install -y -q --no-install-recommends -o DPkg::Lock::Timeout=300 "$@"
  }
  apt_try "$@" && return 0
  [ "$root_code" -lt 128 ] || return "$root_code"
  # An apt that was interrupted before leaves packages half configured; without any this does nothing.
  as_root_run dpkg --configure -a &&
    as_root_run apt-get update -q -o DPkg::Lock::Timeout=300 -o APT::Update::Error-Mode=any -o Acquire::Retries=1 &&
    apt_try "$@"
}

# The -dev packages of Boost 1.74 and 1.81 cannot be installed together: say it before apt removes the old ones.
explain_boost_clash() {
  case " $1 " in *" libboost1.81-dev "*) ;; *) return 0 ;; esac
  old=$(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' 'libboost*1.74-dev' 'libboost-dev' 'libboost-*-dev' 2>/dev/null |
    awk '$1 == "ii" { print $2 }' | tr '\n' ' ')
  [ -n "$old" ] || return 0
  printf '      note: Boost 1.81 replaces the 1.74 development packages; apt will remove: %s\n' "$old"
  printf '      (programs already built keep running; `apt-get install libboost-dev` brings 1.74 back)\n'
}
