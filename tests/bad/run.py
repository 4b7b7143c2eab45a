"""run.py - the catalogue of bad inputs.

    run.py WORK [NAME]     WORK holds `nnc` and the trainers, built with sanitizers (see bad.sh);
                           runs all rows, or those whose name contains NAME
    run.py --list          the rows, and what is not built yet

Closing line: PASSED FAILED SLOWEST-SECONDS SLOWEST-NAME, for the group.
"""
import os
import sys
from concurrent.futures import ThreadPoolExecutor

import ckpt_rows
import code_rows
import command_rows
import data_rows
import harness
import source_rows
import table_rows
import weight_rows

ROWS = [*source_rows.ROWS, *data_rows.ROWS, *table_rows.ROWS, *weight_rows.ROWS, *ckpt_rows.ROWS, *command_rows.ROWS, *code_rows.ROWS]
NOT_BUILT = [row for m in (source_rows, data_rows, weight_rows, command_rows, code_rows)
             for row in getattr(m, "NOT_BUILT", [])]


def main():
    if sys.argv[1:] == ["--list"]:
        for c in ROWS:
            print(c.name)
        for name, why in NOT_BUILT:
            print(f"{name}: not built: {why}")
        return 0
    work, part = os.path.abspath(sys.argv[1]), "".join(sys.argv[2:])
    tools = {n: os.path.join(work, n) for n in ("nnc", "table", "image", "plain", "load")}
    names = [c.name for c in ROWS]
    twice = [n for n in names if names.count(n) > 1]
    assert not twice, f"two rows of one name: {twice}"
    rows = [c for c in ROWS if part in c.name]

    def one(i):
        return harness.run(rows[i], tools, os.path.join(work, "rows", str(i)))

    failed, slowest = 0, (0, "")
    with ThreadPoolExecutor(2) as pool:
        for c, (wrong, seconds, err) in zip(rows, pool.map(one, range(len(rows)))):
            slowest = max(slowest, (seconds, c.name))
            if wrong:
                failed += 1
                print(f"FAIL {c.name}: {'; '.join(wrong)}")
                for s in err.split("\n")[:6]:
                    print(f"    {s[:200]}")
    print(f"{len(rows) - failed} {failed} {slowest[0]:.2f} {slowest[1]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
