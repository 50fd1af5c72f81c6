"""Results as a table: Markdown, which reads as well on a terminal."""

NAMES = {"floor": "relay", "nginx": "nginx", "haproxy": "HAProxy", "pintle": "Pintle", "pintle-1": "one route"}


def mark(value, goal):
    if goal is None:
        return f"{value:.2f}"
    return f"{value:.2f} {'✓' if value <= goal else '✗'} ({goal:g})"


def grid(head, lines):
    widths = [max(len(line[i]) for line in [head, *lines]) for i in range(len(head))]
    def draw(cells):
        return "| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths)) + " |"
    return "\n".join([draw(head), "|" + "|".join("-" * (width + 2) for width in widths) + "|", *map(draw, lines)])


def figure(summary, digits=1):
    return f"{summary['median']:.{digits}f} ±{summary['spread'] * 100:.0f}%"


def cpu_table(rows):
    peers = ("nginx", "haproxy", "floor", "pintle-1")
    lines = []
    for row in rows:
        line = [row["title"], figure(row["contenders"][row["subject"]])]
        for peer in peers[:3]:
            line.append(figure(row["contenders"][peer]) if peer in row["contenders"] else "")
        for peer in peers:
            ratio = row["ratios"].get(peer)
            line.append(f"{mark(ratio['median'], ratio['goal'])} ±{ratio['spread'] * 100:.0f}%" if ratio else "")
        lines.append(line)
    return grid(["CPU us/request", "Pintle", "nginx", "HAProxy", "relay", "to nginx", "to HAProxy", "to relay",
                 "to one route"], lines)


def rate_table(rows):
    lines = []
    for row in rows:
        title = row["title"]
        if row["saturated"]:
            title += f" (machine too slow for it in {row['saturated']} of {row['cells']} cells)"
        for quantile in ("p50", "p99"):
            cells = {name: by[quantile] for name, by in row["contenders"].items()}
            best_peer = min(cells[name]["median"] for name in cells if name != "pintle")
            lines.append([f"{title}, {quantile}", *(figure(cells[n], 0) for n in ("pintle", "nginx", "haproxy")),
                          f"{cells['pintle']['median'] / best_peer:.2f}"])
    return grid(["us", "Pintle", "nginx", "HAProxy", "to the better peer"], lines)


def single_table(rows):
    lines = []
    for row in rows:
        values = [f"{NAMES.get(key, key)} {mark(value, row['goals'].get(key))}" for key, value in row["values"].items()]
        lines.append([row["title"], row["unit"], ", ".join(values)])
    return grid(["measured once", "unit", "figures"], lines)


def render(rows):
    parts = []
    for kind, draw in (("cpu", cpu_table), ("rate", rate_table), ("single", single_table)):
        chosen = [row for row in rows if row["kind"] == kind]
        if chosen:
            parts.append(draw(chosen))
    return "\n\n".join(parts) + "\n\n✓ and ✗: within or beyond the goal in parentheses. ±: half the quartile distance " \
        "over the median.\n"
