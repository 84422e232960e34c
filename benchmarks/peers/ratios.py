#!/usr/bin/env python3
"""Prints the figures of benchmarks/run over those of its peers, as Markdown tables.

    benchmarks/peers/ratios.py OURS.json PEER.json...

Files of the same peer and version are runs in different settings; of each figure the fastest counts.
"""

import json
import pathlib
import sys

HEADINGS = [
    "network",
    "fastest H v in",
    "H v",
    "H v of 8, each / H v",
    "spectrum / 10 draws",
    "spectrum / 10 PyHessian draws",
    "H v / DL4J gradient",
]


def load(file):
    """Returns a report."""
    return json.loads(pathlib.Path(file).read_text(encoding="utf-8"))


def fastest(runs, network, figure):
    """Returns the least value of a figure and the name of the run that has it, None without any."""
    found = [
        (case[figure], name)
        for name, report in runs.items()
        for case in report["cases"]
        if case["network"] == network and case.get(figure) is not None
    ]
    return min(found, default=(None, "–"))


def ratio(ours, theirs, unit):
    """Returns a ratio in words; a figure that was not measured has none."""
    if ours is None or not theirs:
        return "–"
    return f"{ours / theirs:.2f} ({ours:.3g} / {theirs:.3g} {unit})"


def table(ours, runs):
    """Returns the rows of a table."""
    rows = [HEADINGS, ["---"] * len(HEADINGS)]
    for case in ours:
        network = case["network"]
        product, run = fastest(runs, network, "hvpMs")
        draws = fastest(runs, network, "density90x1Seconds")[0]
        pyhessian = fastest(runs, network, "pyHessian90x1Seconds")[0]
        spectrum = case["spectrum90x10Seconds"]
        rows.append(
            [
                network,
                run,
                ratio(case["hvpMs"], product, "ms"),
                ratio(case["hvpPerVectorBlock8Ms"], product, "ms"),
                ratio(spectrum, draws and 10 * draws, "s"),
                ratio(spectrum, pyhessian and 10 * pyhessian, "s"),
                ratio(case["hvpMs"], case["dl4jGradientMs"], "ms"),
            ]
        )
    return [f"| {' | '.join(row)} |" for row in rows]


def main():
    """Runs the command."""
    if len(sys.argv) < 3:
        print(__doc__.strip(), file=sys.stderr)
        sys.exit(2)
    ours = [case for case in load(sys.argv[1])["cases"] if case["precision"] == "float"]
    peers = {}
    for file in sys.argv[2:]:
        report = load(file)
        title = f"{report['peer']} {report['torch']}, {report['threads']} threads"
        peers.setdefault(title, {})[pathlib.Path(file).stem] = report
    for title, runs in peers.items():
        print(f"### {title}\n", *table(ours, runs), "", sep="\n")


if __name__ == "__main__":
    main()
