# Shared by the parts of ./dev: messages, long steps with progress. Sourced, never run.

say_error() { printf 'dev: %s\n' "$*" >&2; }
die() { # die MESSAGE [EXIT]
  say_error "$1"
  exit "${2:-1}"
}

seconds_now() { date +%s; }

# Two jobs on two cores; fewer when memory is short, because one compilation may want 1 GB.
job_count() {
  if [ -n "${PINTLE_JOBS:-}" ]; then
    echo "$PINTLE_JOBS"
    return
  fi
  cores=$(nproc 2>/dev/null || echo 2)
  by_memory=$(awk '/^MemAvailable:/ { n = int($2 / 1000000); print n < 1 ? 1 : n }' /proc/meminfo 2>/dev/null || echo "$cores")
  [ "$by_memory" -lt "$cores" ] && echo "$by_memory" || echo "$cores"
}

# run_long LABEL COMMAND...: runs quietly into build/log/LABEL.log; while it lasts, a line of progress every 20 s (5 s
# on a terminal). On failure the end of the log is shown. Answers the command's exit code. Interrupted, it ends the
# command, waits for it and exits with 130.
run_long() {
  label=$1
  shift
  make_folder build/log
  log=build/log/$label.log
  result=$log.exit
  rm -f "$result"
  (
    # A background shell ignores Ctrl-C, so the TERM below is what ends the command.
    "$@" >"$log" 2>&1 </dev/null &
    inner=$!
    trap 'kill "$inner" 2>/dev/null' TERM
    code=0
    wait "$inner" || code=$?
    wait "$inner" 2>/dev/null || true # a trap ends the first wait early
    echo "$code" >"$result.new" && mv "$result.new" "$result"
  ) &
  long_pid=$!
  interrupted=
  trap 'interrupted=1; kill "$long_pid" 2>/dev/null || true' INT TERM
  every=20
  [ -t 1 ] && every=5
  began=$(seconds_now)
  shown=$began
  while [ ! -f "$result" ]; do
    sleep 0.2 || true
    now=$(seconds_now)
    if [ $((now - shown)) -ge "$every" ]; then
      shown=$now
      printf '      %s, %s s: %s\n' "$label" "$((now - began))" "$(tail -n 1 "$log" | cut -c 1-90)"
    fi
  done
  trap - INT TERM
  wait "$long_pid" 2>/dev/null || true
  code=$(cat "$result")
  rm -f "$result"
  if [ -n "$interrupted" ]; then
    say_error "$label interrupted"
    exit 130
  fi
  if [ "$code" -ne 0 ]; then
    say_error "$label failed (exit $code); from the end of $log:"
    case $label in
      apt-*) grep '^[EW]: ' "$log" | tail -n 5 >&2 || tail -n 20 "$log" >&2 ;;
      *) grep -v '^\[[0-9]*/[0-9]*\] [BL]' "$log" | tail -n 60 >&2 ;;
    esac
  fi
  return "$code"
}

# make_folder DIR: below the checkout; says who may not write there instead of mkdir's few words.
make_folder() {
  mkdir -p "$1" 2>/dev/null && [ -w "$1" ] && return 0
  say_error "$(id -un) cannot write to $PWD/$1."
  die "Take a checkout of your own, or run ./dev as the owner of this one."
}
