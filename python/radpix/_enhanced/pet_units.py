"""The units of enhanced PET by the defined terms that classic PET has for them."""

from __future__ import annotations

from typing import Final

__all__ = ["ENHANCED_PET", "LEGACY_CONVERTED_PET", "PET_UNITS"]

ENHANCED_PET: Final = "1.2.840.10008.5.1.4.1.1.130"
LEGACY_CONVERTED_PET: Final = "1.2.840.10008.5.1.4.1.1.128.1"

#: Units (0054,1001) and SUV Type (0054,1006) by UCUM code (PS3.16 CID 84; PS3.3 C.8.9.1.1.3 and C.8.9.1.1.1).
PET_UNITS: Final = {
    "Bq/ml": ("BQML", ""),
    "{counts}": ("CNTS", ""),
    "{counts}/s": ("CPS", ""),
    "{propcounts}": ("PROPCNTS", ""),
    "{propcounts}/s": ("PROPCPS", ""),
    "mg/min/ml": ("MGMINML", ""),
    "umol/min/ml": ("UMOLMINML", ""),
    "umol/ml": ("UMOLML", ""),
    "ml/min/g": ("MLMING", ""),
    "ml/g": ("MLG", ""),
    "/cm": ("1CM", ""),
    "cm2": ("CM2", ""),
    "%": ("PCNT", ""),
    "g/ml": ("GML", ""),
    "cm2/ml": ("CM2ML", ""),
    "g/ml{SUVbw}": ("GML", "BW"),
    "g/ml{SUVlbm}": ("GML", "LBM"),
    "g/ml{SUVlbm(Janma)}": ("GML", "LBMJANMA"),
    "g/ml{SUVlbm(James128)}": ("GML", "LBMJAMES128"),
    "g/ml{SUVibw}": ("GML", "IBW"),
    "cm2/ml{SUVbsa}": ("CM2ML", "BSA"),
}
