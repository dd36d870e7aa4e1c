"""What building costs, against stock MyST-NB on the same pages in the same run: `nox -s bench`."""
