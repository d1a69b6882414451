"""`python -m service`: the same as the command `loa`."""

from service.cli import main

main(prog_name="loa")
