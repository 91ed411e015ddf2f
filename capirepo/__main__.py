"""`python -m capirepo`: the same command line as `capirepo`."""

from capirepo.cli.main import main

main()
