"""Volumes in and out of files: NIfTI, NRRD and OME-Zarr both ways, series of DICOM images out. See docs/exchange.md."""

from __future__ import annotations

from radpix.exchange.dicom_series import write_dicom_series
from radpix.exchange.nifti import read_nifti, write_nifti
from radpix.exchange.nrrd import read_nrrd, write_nrrd
from radpix.exchange.ome_zarr import read_ome_zarr, write_ome_zarr

__all__ = [
    "read_nifti",
    "read_nrrd",
    "read_ome_zarr",
    "write_dicom_series",
    "write_nifti",
    "write_nrrd",
    "write_ome_zarr",
]
