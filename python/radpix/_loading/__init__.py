"""From files to the voxels of a volume."""
