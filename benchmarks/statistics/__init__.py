"""Do the statistics keep their promise? Simulations with fixed seeds, through the package's own functions."""
