from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from circle.core import clock, ids
from circle.core.ids import MAX_ID, Generator, moment_of, new_id
from tests import patience

NOW = datetime(2026, 11, 21, 4, 5, 6, 789_000, UTC)
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """A data directory in which this process has no node yet; the old one comes back afterwards."""
    before = ids._place
    ids.configure(0, tmp_path)
    yield tmp_path
    ids.configure(*before)


def node_of(id_: int) -> int:
    return id_ >> 12 & 1023


def stand(monkeypatch: pytest.MonkeyPatch, *moments: datetime) -> None:
    """Let the machine's own clock (not one set with `clock.at`) show these moments, then stay at the last."""
    left = list(moments)
    monkeypatch.setattr(clock, "now", lambda: left.pop(0) if len(left) > 1 else left[0])


def collect(threads: int, each: int, make: Callable[[], int]) -> list[list[int]]:
    found: list[list[int]] = [[] for _ in range(threads)]
    patience.at_once(lambda mine: mine.extend(make() for _ in range(each)), found)
    return found


def test_fifty_thousand_ids_from_ten_threads_are_all_different() -> None:
    found = collect(10, 5_000, new_id)
    assert len({id_ for mine in found for id_ in mine}) == 50_000
    assert all(mine == sorted(mine) for mine in found)


def test_threads_that_ask_first_at_the_same_time_share_one_node(place: Path) -> None:
    found = collect(16, 50, new_id)
    assert len({id_ for mine in found for id_ in mine}) == 16 * 50
    assert {node_of(id_) for mine in found for id_ in mine} == {0}


def test_ids_of_one_process_only_ever_rise() -> None:
    made = [new_id() for _ in range(20_000)]
    assert made == sorted(set(made))


def test_an_id_fits_into_63_bits_until_2093_and_is_positive(monkeypatch: pytest.MonkeyPatch) -> None:
    stand(monkeypatch, datetime(2093, 9, 1, tzinfo=UTC))
    assert 0 < Generator(1023).next() <= MAX_ID
    stand(monkeypatch, datetime(1970, 1, 1, tzinfo=UTC))  # a machine whose battery is empty
    assert Generator(0).next() > 0


def test_an_id_says_when_it_was_made_to_the_millisecond() -> None:
    with clock.at(NOW + timedelta(microseconds=999)):
        assert moment_of(new_id()) == NOW
    before = datetime.now(UTC)
    made = moment_of(new_id())
    assert before - timedelta(milliseconds=1) <= made <= datetime.now(UTC) + timedelta(milliseconds=1)


def test_a_clock_that_steps_back_neither_repeats_nor_lowers_an_id(monkeypatch: pytest.MonkeyPatch) -> None:
    stand(monkeypatch, NOW, NOW + timedelta(seconds=2), NOW - timedelta(hours=1), NOW - timedelta(days=9))
    generator = Generator(5)
    made = [generator.next() for _ in range(10_000)]
    assert made == sorted(set(made))


def test_more_ids_than_a_millisecond_holds_borrow_from_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    stand(monkeypatch, NOW)
    generator = Generator(1023)
    made = [generator.next() for _ in range(10_000)]
    assert made == sorted(set(made))
    assert {node_of(id_) for id_ in made} == {1023}
    assert moment_of(made[-1]) <= NOW + timedelta(milliseconds=5)


def test_a_clock_set_by_hand_gives_unique_ids_in_order_at_any_moment() -> None:
    made: list[int] = []
    for moment in (NOW, NOW - timedelta(days=400), NOW, datetime(1999, 1, 1, tzinfo=UTC)):
        with clock.at(moment):
            here = [new_id() for _ in range(3_000)]
        assert here == sorted(here)
        made += here
    assert len(set(made)) == len(made)
    assert all(0 < id_ <= MAX_ID for id_ in made)


def test_a_clock_set_to_a_moment_that_was_lived_through_repeats_no_id() -> None:
    lived = [new_id() for _ in range(2_000)]
    again: list[int] = []
    for id_ in lived:
        with clock.at(moment_of(id_)):
            again.append(new_id())
    assert len({*lived, *again}) == 4_000


def test_a_clock_set_to_the_future_repeats_no_id_when_the_future_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = Generator(3)
    with clock.at(NOW):
        early = [generator.next() for _ in range(500)]
    stand(monkeypatch, NOW)
    late = [generator.next() for _ in range(500)]
    assert len({*early, *late}) == 1_000


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_process_takes_a_node_of_its_own(place: Path, tmp_path: Path) -> None:
    def tell(told: Path) -> None:
        told.write_text(" ".join(str(new_id()) for _ in range(500)))

    mine = [new_id() for _ in range(500)]
    children = []
    for number in range(3):
        told = tmp_path / str(number)
        children.append((patience.forked(lambda told=told: tell(told)), told))
    mine += [new_id() for _ in range(500)]
    theirs = []
    for child, told in children:
        assert patience.exit_code_of(child) == 0
        theirs.append([int(text) for text in told.read_text().split()])
    assert len({*mine, *(id_ for made in theirs for id_ in made)}) == 1_000 + 3 * 500
    # a child that ended gives its node back, so two that did not live together may share one; none has the parent's
    assert {node_of(id_) for id_ in mine} == {0}
    assert all({node_of(id_) for id_ in made}.isdisjoint({0}) for made in theirs)


def _process(place: Path, machine: int = 0) -> subprocess.Popen[str]:
    script = (
        "import sys; from pathlib import Path; from circle.core import ids; "
        f"ids.configure({machine}, Path({str(place)!r})); "
        "print(*(ids.new_id() for _ in range(2000)), flush=True); sys.stdin.read()"
    )
    # it ends by itself when nobody hears of it any more
    return subprocess.Popen(
        [sys.executable, "-c", f"import signal; signal.alarm({2 * int(patience.PATIENCE)}); {script}"],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip


def test_processes_that_share_a_data_directory_have_different_nodes(place: Path) -> None:
    running = [_process(place), _process(place), _process(place, machine=7)]
    mine = [new_id() for _ in range(2000)]
    made = []
    for process in running:
        assert process.stdout is not None
        made.append([int(text) for text in process.stdout.readline().split()])
    nodes = [{node_of(id_) for id_ in found} for found in [mine, *made]]
    assert all(len(node) == 1 for node in nodes)
    assert len({*nodes[0], *nodes[1], *nodes[2]}) == 3
    assert nodes[3] <= set(range(7 * 32, 8 * 32))
    assert len({id_ for found in [mine, *made] for id_ in found}) == 8_000
    for process in running:
        process.communicate("", timeout=patience.PATIENCE)
        assert process.returncode == 0


def test_a_process_that_ended_gives_its_node_back(place: Path) -> None:
    for _ in range(2):
        process = _process(place)
        out, _err = process.communicate("", timeout=patience.PATIENCE)
        assert {node_of(int(text)) for text in out.split()} == {0}


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_too_many_processes_on_one_machine_are_told_so(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def tell() -> None:
        try:
            new_id()
        except RuntimeError as error:
            (tmp_path / "told").write_text(str(error))

    new_id()
    monkeypatch.setattr(ids, "_PROCESSES", 1)
    assert patience.exit_code_of(patience.forked(tell)) == 0
    assert "CIRCLE_NODE" in (tmp_path / "told").read_text()
