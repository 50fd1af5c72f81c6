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
# on a terminal). On failure the end of the log is shown. Answers the command's exit code.
run_long() {
  label=$1
  shift
  mkdir -p build/log
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
    echo "$code" >"$result.new" && mv "$result.new" "$result"
  ) &
  long_pid=$!
  trap 'kill "$long_pid" 2>/dev/null || true; exit 130' INT TERM
  every=20
  [ -t 1 ] && every=5
  began=$(seconds_now)
  shown=$began
  while [ ! -f "$result" ]; do
    sleep 0.2
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
  if [ "$code" -ne 0 ]; then
    say_error "$label failed (exit $code); the end of $log:"
    grep -v '^\[[0-9]*/[0-9]*\] [BL]' "$log" | tail -n 60 >&2
  fi
  return "$code"
}
