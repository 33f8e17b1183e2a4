"""The way in. Signals are heeded before anything else is imported: that may take half a second.

What comes earlier, while Python itself starts, is Python's to answer.
"""

import os


def main() -> None:
    """Raises SystemExit with a code of exit_code.py, whatever happens."""
    try:
        from coordinator.cli.signals import heed_signals

        heed_signals()
    except KeyboardInterrupt:
        # it came before the line above was through
        try:
            os.write(2, b"coordinator: stopped; nothing is left half done\n")
        finally:
            os._exit(130)

    from coordinator.cli.commands import run

    run()


if __name__ == "__main__":
    main()
