"""Sampling of volumes: grids, curves, planes, and what lies outside."""
