"""Benchmarks: radpix against the best peers on the same work, the result asserted before it is timed."""
