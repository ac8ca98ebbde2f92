"""Functions of permissively licensed packages: found, cut out, called with many values, written down."""
