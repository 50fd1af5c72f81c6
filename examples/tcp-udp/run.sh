#!/usr/bin/env bash
here=$(cd -- "$(dirname -- "$0")" && pwd)
. "$here/../common.sh"

# A UDP backend: it answers with what it got, and from where.
: >"$scratch/clock"
python3 -u - "$backend_address" >"$scratch/clock" <<'CLOCK' &
import socket, sys
clock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
clock.bind((sys.argv[1], 0))
print(clock.getsockname()[1])
while True:
    question, peer = clock.recvfrom(2048)
    clock.sendto(b"clock heard " + question + b" from port %d" % peer[1], peer)
CLOCK
started+=($!)
wait_for_line "$scratch/clock"

backends default/blue:80 default/green:80
backend_list+=("default/clock:123=$backend_address:$(cat "$scratch/clock")")
serve

# Each request makes a connection of its own.
printf 'Of 120 connections, '
for ((i = 0; i < 120; i++)); do curl -sS "http://127.0.0.1:$http/" 2>/dev/null || echo closed; done >"$scratch/answers"
count() { grep -c "^$1" "$scratch/answers" || true; }
near() { if [ "$1" -ge "$2" ] && [ "$1" -le "$3" ]; then echo "about $4"; else echo "$1"; fi; }
# Drawn by weight, so not exactly; outside of these bounds something is wrong.
echo "$(near "$(count blue)" 30 80 54) reached blue, $(near "$(count green)" 30 80 54) green, $(near "$(count closed)" 1 32 12) were closed."

printf '\nA flow of datagrams keeps its backend, which sees one socket: '
python3 - "$gateway" "$http" <<'CLIENT'
import socket, sys
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.settimeout(10)
client.connect((sys.argv[1], int(sys.argv[2])))
answers = []
for _ in range(3):
    client.send(b"tick")
    answers.append(client.recv(2048).decode())
print(answers[0].rsplit(" ", 1)[0], "...", "3 times from the same" if len(set(answers)) == 1 else answers)
CLIENT

printf '\n$ pintle routes\n'
"$pintle" routes --config "$here"
