"""What `radpix.to_suv` knows of PET headers, clocks and bodies."""

from __future__ import annotations
