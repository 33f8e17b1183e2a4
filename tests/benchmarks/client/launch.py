"""Run a program on some cores and write down what it used: CORES (0,1) REPORT COMMAND... A process of its own, because the kernel
counts the memory of whoever starts a program as the program's.
"""

import json
import os
import sys
import time


def main(cores: set[int], report: str, command: list[str]) -> int:
    os.sched_setaffinity(0, cores)
    began = time.perf_counter()
    pid = os.posix_spawnp(command[0], command, os.environ)
    _, status, used = os.wait4(pid, 0)
    wall = time.perf_counter() - began
    with open(report, "w") as file:  # noqa: PTH123 - pathlib is 5 MB of the memory that is measured
        json.dump({"wall": wall, "cpu": used.ru_utime + used.ru_stime, "rss": used.ru_maxrss * 1024}, file)
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    sys.exit(main(set(map(int, sys.argv[1].split(","))), sys.argv[2], sys.argv[3:]))
