"""One route, one file, one function."""
