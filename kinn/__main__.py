"""`python -m kinn`."""

from __future__ import annotations

from kinn.cli.app import main

if __name__ == "__main__":
    main()
