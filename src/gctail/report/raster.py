"""SVG to PNG by resvg: one wheel of 3 MB without dependencies, where cairosvg wants the system's cairo library."""

from __future__ import annotations

from importlib.resources import as_file, files

from gctail.errors import UsageError


def raster(svg: bytes, width: int) -> bytes:
    """The picture, `width` pixels wide. Our own fonts first, then those of the system for scripts that ours lack."""
    try:
        from resvg_py import svg_to_bytes
    except ImportError as error:
        raise UsageError("PNG needs the package resvg-py: pip install 'gctail[png]'") from error
    assets = files("gctail.report").joinpath("assets")
    with as_file(assets.joinpath("inter-400.ttf")) as regular, as_file(assets.joinpath("inter-600.ttf")) as bold:
        return bytes(
            svg_to_bytes(
                svg_string=svg.decode(),
                width=width,
                font_files=[str(regular), str(bold)],
                font_family="Inter",
                sans_serif_family="Inter",
            )
        )
