"""What an uptake is normalised to: masses in g and the surface in cm2, from weight, size and sex."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

from radpix.errors import SuvError

if TYPE_CHECKING:
    from radpix._suv.header import Patient

__all__ = ["METHODS", "SUV_TYPES", "UNITS", "SuvMethod", "normalization"]

SuvMethod = Literal["bw", "lbm-janmahasatian", "lbm-james", "bsa", "ibw"]
METHODS: tuple[SuvMethod, ...] = get_args(SuvMethod)

#: The code of each method's values in UCUM (PS3.16 CID 85).
UNITS: dict[SuvMethod, str] = {
    "bw": "g/ml{SUVbw}",
    "lbm-janmahasatian": "g/ml{SUVlbm(Janma)}",
    "lbm-james": "g/ml{SUVlbm(James128)}",
    "bsa": "cm2/ml{SUVbsa}",
    "ibw": "g/ml{SUVibw}",
}

#: SUV Type (0054,1006) of each method. LBM is James' formula with either of two multipliers, so it is none of them.
SUV_TYPES: dict[str, SuvMethod] = {
    "BW": "bw",
    "LBMJANMA": "lbm-janmahasatian",
    "LBMJAMES128": "lbm-james",
    "BSA": "bsa",
    "IBW": "ibw",
}


def normalization(method: SuvMethod, patient: Patient) -> float:
    """Return the mass in g, or for "bsa" the surface in cm2, that the dose is thought to be spread over.

    Lean body mass of Janmahasatian et al., Clin Pharmacokinet 2005;44:1051, and of James 1976 with his multiplier
    128; surface of Du Bois and Du Bois 1916; ideal weight as in Sugawara et al., Radiology 1999;213:521.
    """
    weight = patient.weight
    if method == "bw":
        return 1e3 * weight
    height = 100 * patient.size
    if method == "bsa":
        return 1e4 * 0.007184 * float(weight**0.425 * height**0.725)
    male = patient.is_male
    if method == "lbm-janmahasatian":
        index = weight / patient.size**2
        mass = 9270 * weight / (6680 + 216 * index if male else 8780 + 244 * index)
    elif method == "lbm-james":
        ratio = (weight / height) ** 2
        mass = 1.10 * weight - 128 * ratio if male else 1.07 * weight - 148 * ratio
    else:
        mass = 48.0 + 1.06 * (height - 152) if male else 45.5 + 0.91 * (height - 152)
    # James' parabola falls beyond a body mass index of about 43 and is negative beyond 86.
    if mass <= 0 or (method == "lbm-james" and mass < 0.3 * weight):
        raise SuvError(
            f"the formula of {method} gives {mass:.1f} kg for {weight:g} kg and {height:g} cm: it does not hold for"
            ' such a body; use method="bw" or "lbm-janmahasatian"',
            code="suv-body-out-of-range",
        )
    return 1e3 * mass
