"""The places in the source that a suspect leads to, a line each."""

from __future__ import annotations

from typing import Any


def source_lines(source: dict[str, Any] | None) -> list[str]:
    """Who logs a suspect's line, and what may keep the memory: see `source_of`."""
    if source is None:
        return []
    does = f"{source['route']} is handled" if source["route"] else "logged"
    told = [f"{does} at {source['file']}:{source['line']} in {source['function']}"]
    if source.get("counts"):
        told[0] += f", where the number is {source['counts']}"
    for each in source["containers"][:2]:
        where = f"{each['writes'][0]['file']}:{each['writes'][0]['line']}"
        told.append(f"fills {each['name']} at {where}, and nothing deletes from it ({each['file']}:{each['line']})")
    told += [f"at {each['file']}:{each['line']} {each['says']}" for each in source["left_open"][:2]]
    for each in source["emptied"][:2]:
        taken = (each["deletes"] or each["bounds"])[0]
        told.append(f"fills {each['name']}; emptied or bounded at {taken['file']}:{taken['line']}: on every way?")
    return told
