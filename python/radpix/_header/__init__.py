"""Headers of DICOM files: what is asked for, where it is found, and what its bytes mean."""
