"""What was measured, as Markdown: two tables a number of items, and a line on building and opening."""

from collections.abc import Iterator

from benchmarks.records import Measured, System


def markdown(measured: Measured, k: int) -> str:
    """All of one number of items."""
    drawn = ", ".join(f"{mean:.1f}" for mean in measured.query_terms.values())
    return "\n".join(
        [
            f"## {measured.items:,} items of {measured.mean_terms:.1f} terms; top {k}; queries of {drawn} terms (mean)",
            "",
            *_figures(measured, k),
            "",
            *_ratios(measured),
            "",
            _building(measured),
            _opening(measured),
            f"Load of the machine over the last quarter of an hour: {measured.load:.1f}.",
            "",
        ]
    )


def ratios(measured: Measured) -> dict[str, dict[str, dict[int, float]]]:
    """{ours: {peer: {size of queries: p50 of ours ÷ p50 of the peer's}}}, of what was measured."""
    return {
        own.name: {
            peer.name: {size: own.regimes[size].p50 / regime.p50 for size, regime in peer.regimes.items()}
            for peer in measured.peers
            if peer.regimes
        }
        for own in measured.ours
    }


def _figures(measured: Measured, k: int) -> Iterator[str]:
    sizes = list(measured.query_terms)
    cells = [f"{size} terms: p50 / p95 ms | overlap@{k} | proven" for size in sizes]
    yield _line("", *cells, "build s", "bytes an item")
    yield _line(*["---"] * (3 + 3 * len(sizes)))
    for system in [*measured.ours, *measured.peers]:
        regimes = [_regime(system, size) for size in sizes]
        yield _line(_name(system), *regimes, _or_dash(system.build_seconds, "{:,.1f}"), _size(system))


def _ratios(measured: Measured) -> Iterator[str]:
    sizes = list(measured.query_terms)
    columns = [f"{own.name}, {size} terms" for own in measured.ours for size in sizes]
    yield _line("p50 of ours ÷ theirs", *columns)
    yield _line(*["---"] * (1 + len(columns)))
    found = ratios(measured)
    for peer in measured.peers:
        if peer.regimes:
            shares = [found[own.name][peer.name].get(size) for own in measured.ours for size in sizes]
            yield _line(peer.name, *(_or_dash(share, "{:.3g}") for share in shares))


def _building(measured: Measured) -> str:
    exact = measured.ours[0]
    assert exact.build_seconds is not None and exact.bytes_an_item is not None
    rate = measured.items / exact.build_seconds
    return f"Built at {rate:,.0f} items a second; {exact.bytes_an_item:,.0f} bytes an item on disk, all files counted."


def _opening(measured: Measured) -> str:
    opening = measured.opening
    memory = [
        f"{one['own']:.0f} + {one['files']:.0f}" for one in (opening.before, opening.opened, opening.warm, opening.held)
    ]
    return (
        f"Opened in {opening.seconds:.2f} s (files in the system's cache), first search {opening.first_search_ms:.1f} "
        f"ms; resident MB (own + mapped files) {memory[0]} before, {memory[1]} opened, {memory[2]} after "
        f"{opening.queries:,} queries, {memory[3]} with all vectors held in memory, which took "
        f"{opening.load_seconds:.1f} s."
    )


def _regime(system: System, size: int) -> str:
    if size not in system.regimes:
        return "– | – | –"
    regime = system.regimes[size]
    return (
        f"{regime.p50:.3f} / {regime.p95:.3f} | {_or_dash(regime.overlap, '{:.4f}')} | "
        f"{_or_dash(regime.proven, '{:.2f}')}"
    )


def _name(system: System) -> str:
    asked = {regime.queries for regime in system.regimes.values()}
    note = system.note or f"{system.about}; {max(asked)} queries"
    return f"{system.name} ({note})"


def _size(system: System) -> str:
    return _or_dash(system.bytes_an_item, "{:,.0f}")


def _or_dash(value: float | None, form: str) -> str:
    return "–" if value is None else form.format(value)


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
