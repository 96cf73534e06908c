"""Simulated takes made by many processes, here or on a cluster; stopped work goes on."""

from __future__ import annotations

import importlib
import multiprocessing
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict
from pathlib import Path

from duemani.datasets.simulated.config import Simulation
from duemani.datasets.simulated.music import list_sources
from duemani.datasets.simulated.takes import TakeOrder, simulate, take_orders
from duemani.datasets.takes import (
    MotionTake,
    load_take,
    save_take,
    take_path,
    write_description,
    write_skipped,
)
from duemani.errors import InputError

Report = Callable[[str, float], None]


def prepare_simulated(
    performances: Path,
    folder: Path,
    simulation: Simulation,
    workers: int = 0,
    ray_address: str = "",
    most: int = 0,
    report: Report | None = None,
) -> dict[str, int]:
    """Make the takes that are not there yet.

    Every take depends on its own seed only, so it is the same whoever makes it and when.

    Args:
        performances: folder with asap/, percepiano/ or vienna4x22/.
        folder: the data set, new or begun with the same settings.
        simulation: what to make.
        workers: processes, 0 for one a core.
        ray_address: of a Ray cluster that works instead ("auto" finds a running one).
        most: make no more takes than this, 0 for all; a random sample.
        report: called with the stage's name and its share done.

    Returns:
        How many takes were `made`, `kept` from before and `skipped` (listed in skipped.tsv).

    Raises:
        InputError: no music, another data set in the folder, or no Ray.
    """
    orders = take_orders(list_sources(performances), simulation)
    if most:
        orders = orders[:most]
    write_description(folder, "simulated", asdict(simulation))
    missing = [order for order in orders if not _is_there(folder, order.name)]
    skipped: dict[str, str] = {}
    run = _on_cluster(missing, simulation, ray_address) if ray_address else None
    if run is None:
        run = _here(missing, simulation, workers or os.cpu_count() or 1)
    for done, (order, result) in enumerate(run, 1):
        if isinstance(result, MotionTake):
            save_take(folder, result)
        else:
            skipped[order.name] = result
        if report:
            report("simulating pianists", done / len(missing))
    write_skipped(folder, skipped)
    return {
        "made": len(missing) - len(skipped),
        "kept": len(orders) - len(missing),
        "skipped": len(skipped),
    }


def _is_there(folder: Path, name: str) -> bool:
    path = take_path(folder, name)
    if not path.exists():
        return False
    try:
        load_take(path)
    except InputError:  # damaged since: made again
        path.unlink()
        return False
    return True


def attempt(order: TakeOrder, simulation: Simulation) -> MotionTake | str:
    """A take, or why it cannot be made: one bad file does not stop the others."""
    try:
        return simulate(order, simulation)
    except (InputError, MemoryError, ValueError, ArithmeticError) as error:
        return " ".join(str(error).split()) or type(error).__name__


def _here(
    orders: list[TakeOrder], simulation: Simulation, workers: int
) -> Iterator[tuple[TakeOrder, MotionTake | str]]:
    if workers == 1 or len(orders) < 2:
        for order in orders:
            yield order, attempt(order, simulation)
        return
    # Fresh processes: a forked one would inherit the parent's threads' locks.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context) as pool:
        futures = {pool.submit(attempt, order, simulation): order for order in orders}
        try:
            for future in as_completed(list(futures)):
                yield futures.pop(future), future.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _on_cluster(
    orders: list[TakeOrder], simulation: Simulation, address: str
) -> Iterator[tuple[TakeOrder, MotionTake | str]]:
    try:
        ray = importlib.import_module("ray")
    except ImportError:
        raise InputError("a cluster needs Ray: install duemani with its extra `cluster`.") from None
    try:
        ray.init(address=address, log_to_driver=False)
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise InputError(f"no Ray cluster answers at {address}: {error}.") from None
    try:
        task = ray.remote(attempt)
        waiting = {task.remote(order, simulation): order for order in orders}
        while waiting:
            ready, _ = ray.wait(list(waiting))
            for reference in ready:
                yield waiting.pop(reference), ray.get(reference)
    finally:
        ray.shutdown()
