"""Interleaved rounds: every contender once a round, the order reversed every other round, so that a slow minute of the
machine falls on all. Medians decide; the spread is half the distance of the quartiles over the median."""
import statistics
import time

from contenders import PORTS
from programs import BenchError
from rows import Cell

LATE = 1.1     # a fixed rate that takes longer than that to be answered is more than this machine has
SETTLE = 0.02  # answers in flight when the generator stopped still reach the backend's count


def order_of(contenders, number):
    return list(contenders) if number % 2 == 0 else list(reversed(contenders))


def rounds_of(row, contenders, generator, rounds, seconds):
    for name in row.contenders:
        contenders.get(name)
    for number in range(rounds):
        for name in order_of(row.contenders, number):
            yield name, contenders.get(name), Cell(name, PORTS[name], seconds, generator)


def summary(samples):
    median = statistics.median(samples)
    quartiles = statistics.quantiles(samples, n=4) if len(samples) > 1 else [median] * 3
    return {"median": median, "spread": (quartiles[2] - quartiles[0]) / 2 / median if median else 0.0,
            "samples": samples}


def cpu_of_cell(row, program, cell, requests):
    cpu, count = program.cpu_ns(), requests.value()
    row.run(cell)
    time.sleep(SETTLE)
    cpu, count = program.cpu_ns() - cpu, requests.value() - count
    if count == 0:
        raise BenchError(f"{row.name}: {cell.contender} passed no request on")
    return cpu / count / 1000


def measure_cpu(row, contenders, generator, rounds, seconds):
    """Microseconds of CPU a request, and ratios to the peers. A ratio is the median of the ratios of the rounds: what
    slowed a round slowed both sides of its ratio."""
    samples = {name: [] for name in row.contenders}
    for name, program, cell in rounds_of(row, contenders, generator, rounds, seconds):
        samples[name].append(cpu_of_cell(row, program, cell, contenders.requests))
    ratios = {}
    for peer in row.contenders:
        if peer != row.subject:
            ratios[peer] = summary([own / other for own, other in zip(samples[row.subject], samples[peer])])
            ratios[peer]["goal"] = row.goals.get(peer)
    return {"name": row.name, "title": row.title, "kind": "cpu", "unit": "us/request", "subject": row.subject,
            "contenders": {name: summary(values) for name, values in samples.items()}, "ratios": ratios}


def measure_rate(row, contenders, generator, rounds, seconds):
    """Latencies, and in how many cells the machine was too slow for the rate: those show its queue, no contender's."""
    samples = {name: {"p50": [], "p99": []} for name in row.contenders}
    saturated = 0
    for name, _program, cell in rounds_of(row, contenders, generator, rounds, seconds):
        result = row.run(cell)
        saturated += result["seconds"] > seconds * LATE
        for quantile in ("p50", "p99"):
            samples[name][quantile].append(result[f"{quantile}_us"])
    return {"name": row.name, "title": row.title, "kind": "rate", "unit": "us",
            "saturated": saturated, "cells": rounds * len(row.contenders), "contenders": {name: {q: summary(values) for q, values in by.items()} for name, by in samples.items()}}
