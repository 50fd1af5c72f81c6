"""What one request costs, function by function: the difference of two callgrind files of `./dev bench gates
--profiles DIR`, which differ in nothing but the number of requests. `python3 test/bench/profile.py DIR [COUNT]`."""
import re
import subprocess
import sys
from pathlib import Path

LINE = re.compile(r"\s*([\d,]+) \(\s*[\d.]+%\)\s+(.*)$")
GROUPS = [
    ("text of the client's address", r"printf|_IO_|itoa|strchrnul|inet_ntop|sprintf"),
    ("request head: parse", r"read_fields|_fields\(|_request_line\(|find_header_id|RequestHeadParser|request_semantics|"
                            r"parse_target|parse_authority|normalise_path|LineWindow|find_method|is_still_open"),
    ("response head: parse", r"ResponseHeadParser|response_semantics|parse_content_length"),
    ("heads: edit", r"HeadEdits|edit_request|edit_response|edit_identity|_M_range_insert"),
    ("metrics", r"observe::"),
    ("routing", r"route::"),
    ("upstream pool", r"upstream::|has_pending_event"),
    ("exchange and session", r"proxy::"),
    ("net", r"net::"),
    ("memory of libc", r"mem(?:cpy|move|set|cmp|chr)|malloc|free"),
    ("calls into the kernel", r"cancellation|recv|send|epoll|clock_gettime"),
]


def read_counts(file):
    """{function: instructions} of one file."""
    out = subprocess.run(["callgrind_annotate", "--threshold=100", "--auto=no", str(file)], capture_output=True,
                         text=True, check=True).stdout
    counts = {}
    for line in out.splitlines():
        found = LINE.match(line)
        if found and "PROGRAM TOTALS" not in found[2]:
            name = re.sub(r" \[[^\]]*\]$", "", found[2])
            counts[name] = counts.get(name, 0) + int(found[1].replace(",", ""))
    return counts


def per_request(folder):
    files = sorted(Path(folder).glob("callgrind.*"), key=lambda file: int(file.suffix[1:]))
    few, many = read_counts(files[0]), read_counts(files[-1])
    requests = int(files[-1].suffix[1:]) - int(files[0].suffix[1:])
    return {name: (count - few.get(name, 0)) / requests for name, count in many.items()}


def group_of(name):
    return next((title for title, pattern in GROUPS if re.search(pattern, name)), "the rest")


def main():
    functions = per_request(sys.argv[1])
    most = int(sys.argv[2]) if len(sys.argv) > 2 else 30
    groups = {}
    for name, count in functions.items():
        groups[group_of(name)] = groups.get(group_of(name), 0) + count
    print(f"{sum(functions.values()):8.0f}  user instructions a request")
    for title, count in sorted(groups.items(), key=lambda item: -item[1]):
        print(f"{count:8.0f}  {title}")
    print()
    for name, count in sorted(functions.items(), key=lambda item: -item[1])[:most]:
        print(f"{count:8.0f}  {name[:140]}")


if __name__ == "__main__":
    main()
