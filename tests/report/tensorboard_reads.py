"""tensorboard_reads.py - does TensorBoard's own reader find the numbers of the CSV?

    python3 tensorboard_reads.py FOLDER NAME
"""
import math
import os
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import logs


def main(folder, name):
    rows = logs.read_csv(os.path.join(folder, name + ".csv"))
    # all of them, none left out at random
    board = EventAccumulator(folder, size_guidance={"scalars": 0})
    board.Reload()
    tags = board.Tags()["scalars"]
    want = [k for k in rows[0] if k not in ("epoch", "step", "seconds", "batch")
            and any(r[k] for r in rows)]
    folds = sorted({t.split("/")[0] for t in tags if t.startswith("fold")})
    assert sorted({t.split("/", 1)[-1] if folds else t for t in tags}) == sorted(want), (tags, want)
    for k in want:
        found = [e for f in folds for e in board.Scalars(f + "/" + k)] if folds else board.Scalars(k)
        told = [(int(r["step"]), float(r[k])) for r in rows if r[k]]
        assert len(found) == len(told), (k, len(found), len(told))
        for e, (step, value) in zip(found, told):
            assert e.step == step and math.isclose(e.value, value, rel_tol=1e-6, abs_tol=1e-30), (k, e)
    print("%d tags, %d steps" % (len(tags), len(rows)))


main(*sys.argv[1:])
