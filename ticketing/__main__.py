"""`python -m ticketing` is the `ticketing` command."""

from ticketing.cli import main

main()
