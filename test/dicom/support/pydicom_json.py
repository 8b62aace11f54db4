"""Writes one line, path, tab and DICOM JSON Model, for each path on standard input that pydicom can read."""
import base64
import json
import math
import sys
import warnings

import pydicom

warnings.simplefilter("ignore")
# As an object does not say it, the VR of a private attribute is UN (PS3.5 7.8.1); pydicom has a list of its own.
pydicom.datadict.private_dictionaries.clear()


def without_group_lengths(model):
    """PS3.18 F.2.2 leaves them out."""
    for tag in [each for each in model if each.endswith("0000")]:
        del model[tag]
    for attribute in model.values():
        if attribute["vr"] == "SQ":
            for item in attribute.get("Value", []):
                without_group_lengths(item)
    return model


def plain(value):
    """NaN and the infinities as PS3.18 has them."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "inf" if value > 0 else "-inf"
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, list) else value


for path in sys.stdin.read().split("\n"):
    try:
        dataset = pydicom.dcmread(path, stop_before_pixels=True)
        dataset = pydicom.Dataset({tag: dataset[tag] for tag in dataset.keys() if tag.group != 2})
        model = dataset.to_json_dict(suppress_invalid_tags=False)
        model = without_group_lengths(plain(model))
        line = json.dumps(model, default=lambda raw: base64.b64encode(raw).decode())
    except Exception as reason:  # whatever pydicom cannot do, it is not asked about
        print(path, reason, file=sys.stderr)
        continue
    print(path, line, sep="\t")
