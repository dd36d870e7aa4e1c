"""``python -m witness``."""

from witness.cli import main

raise SystemExit(main())
