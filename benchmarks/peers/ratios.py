#!/usr/bin/env python3
"""Prints the figures of benchmarks/run over those of peers.py, as a Markdown table.

    benchmarks/peers/ratios.py OURS.json PEERS.json
"""

import json
import sys


def ratio(ours, theirs):
    """Returns a ratio in words; a figure that was not measured has none."""
    return "–" if ours is None or not theirs else f"{ours / theirs:.2f}"


def main():
    """Runs the command."""
    if len(sys.argv) != 3:
        print(__doc__.strip(), file=sys.stderr)
        sys.exit(2)
    with open(sys.argv[1], encoding="utf-8") as file:
        ours = [case for case in json.load(file)["cases"] if case["precision"] == "float"]
    with open(sys.argv[2], encoding="utf-8") as file:
        peers = {case["network"]: case for case in json.load(file)["cases"]}
    print("| network | H v | H v of 8, each | spectrum / 10 PyHessian draws | H v / DL4J gradient |")
    print("|---|---|---|---|---|")
    for case in ours:
        peer = peers.get(case["network"], {})
        draw = peer.get("pyHessian90x1Seconds")
        cells = [
            ratio(case["hvpMs"], peer.get("hvpMs")),
            ratio(case["hvpPerVectorBlock8Ms"], peer.get("hvpMs")),
            ratio(case["spectrum90x10Seconds"], draw and 10 * draw),
            ratio(case["hvpMs"], case["dl4jGradientMs"]),
        ]
        print(f"| {case['network']} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
