"""The benchmarks of `loa bench`: one module a name, each with `run(quick)`. Imports anything but
the commands."""
