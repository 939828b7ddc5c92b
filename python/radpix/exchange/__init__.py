"""Volumes in and out of files: NIfTI and NRRD both ways, series of DICOM images out. See docs/exchange.md."""

from __future__ import annotations

from radpix.exchange.dicom_series import write_dicom_series
from radpix.exchange.nifti import read_nifti, write_nifti
from radpix.exchange.nrrd import read_nrrd, write_nrrd

__all__ = ["read_nifti", "read_nrrd", "write_dicom_series", "write_nifti", "write_nrrd"]
