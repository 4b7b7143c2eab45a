#!/usr/bin/env python3
"""measure.py - runs a command and prints its user seconds, peak MiB and status.

    measure.py LIMIT_SECONDS COMMAND...
"""
import os
import resource
import subprocess
import sys


def main():
    limit = float(sys.argv[1])
    try:
        status = subprocess.run(sys.argv[2:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                timeout=limit, check=False).returncode
    except subprocess.TimeoutExpired:
        status = 124
    use = resource.getrusage(resource.RUSAGE_CHILDREN)
    print("%.3f %d %d" % (use.ru_utime, use.ru_maxrss // 1024, status))


if __name__ == "__main__":
    os.environ.setdefault("LC_ALL", "C")
    main()
