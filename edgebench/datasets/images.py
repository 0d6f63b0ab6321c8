"""Image files: found, decoded to RGB, brought to a size.

Only the decoders of `FORMATS` are ever tried, whatever a file calls itself. Nothing here keeps a file open.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, UnidentifiedImageError

from edgebench.datasets.base import Floats
from edgebench.datasets.progress import told
from edgebench.errors import InputError, first_line

FORMATS = ("BMP", "GIF", "JPEG", "PNG", "WEBP")
SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".webp")
LABELS = "labels.txt"
KEPT_BY_DESKTOPS = ("thumbs.db", "desktop.ini")
MOST_THREADS = 8
Bytes = npt.NDArray[np.uint8]
Size = tuple[int, int]
_ORIENTATION = 0x0112
_LYING = (5, 6, 7, 8)


def shown(path: str | os.PathLike[str]) -> str:
    """Return a path, or a name, as one printable line."""
    text = os.fspath(path)
    return text if text.isprintable() else ascii(text)[1:-1]


def list_folder(folder: str) -> tuple[list[str], list[str]]:
    """Return the paths of the folders and of all else in a folder, each sorted, without what is hidden.

    Raises:
        InputError: it is missing, no folder, unreadable, or a link in it leads in a circle.
    """
    folders: list[str] = []
    files: list[str] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if not (entry.name.startswith(".") or entry.name.lower() in KEPT_BY_DESKTOPS):
                    (folders if entry.is_dir() else files).append(entry.path)
    except OSError as error:
        raise InputError(
            f"{shown(folder)} cannot be listed",
            why=str(error.strerror),
            remedy="name a folder of images",
        ) from None
    return sorted(folders), sorted(files)


def list_images(folder: str) -> list[str]:
    """Return the paths of the images in a folder, sorted.

    Raises:
        InputError: it holds something else, or nothing.
    """
    folders, files = list_folder(folder)
    if folders:
        raise InputError(
            f"{shown(folders[0])} is a folder in a folder of images",
            why="a class is a folder of images alone",
            remedy="move its images up, or name the folder whose folders are the classes",
        )
    for path in (path for path in files if not is_image(path)):
        raise InputError(
            f"{shown(path)} is in a folder of images and is none",
            why=f"images end in {', '.join(SUFFIXES)}",
            remedy="convert it, or take it out",
        )
    if not files:
        raise InputError(f"{shown(folder)} holds no images", remedy="add some, or remove it")
    return files


def is_image(path: str) -> bool:
    """Return whether a file is called an image."""
    return path.lower().endswith(SUFFIXES)


def size_of(path: str) -> Size:
    """Return height and width as an image is shown, without decoding it; raises `InputError` where it is none."""
    with _opened(path) as image:
        width, height = image.size
        lies = image.getexif().get(_ORIENTATION) in _LYING
    return (width, height) if lies else (height, width)


def decode(path: str) -> Bytes:
    """Return the first frame, (height, width, 3): turned upright, on white where it is transparent, 16 bits as 8.

    Raises:
        InputError: the file is no image, cut off, unreadable, or larger than Pillow's limit of pixels.
    """
    with _opened(path) as image:
        return np.asarray(_as_rgb(ImageOps.exif_transpose(image)))


def decode_numbers(path: str) -> npt.NDArray[np.int64]:
    """Return the numbers that a grey or palette image holds, (height, width), turned upright; raises `InputError` as `decode` does."""
    with _opened(path) as image:
        upright = ImageOps.exif_transpose(image)
        found = np.asarray(upright.convert("L") if upright.mode == "LA" else upright)
    if found.ndim == 3 and (found[..., :3] == found[..., :1]).all():
        found = found[..., 0]
    if found.ndim != 2:
        raise InputError(
            f"{shown(path)} is coloured",
            why="a mask holds one number a pixel",
            remedy="save it as a grey PNG of class numbers",
        )
    return found.astype(np.int64)


def resized(image: Bytes, size: Size) -> Bytes:
    """Return an RGB image at height and width, bilinearly; what becomes smaller is averaged."""
    if image.shape[:2] == size:
        return image
    return np.asarray(Image.fromarray(image).resize(size[::-1], Image.Resampling.BILINEAR))


def resized_numbers(numbers: npt.NDArray[np.int64], size: Size) -> npt.NDArray[np.int64]:
    """Return class numbers at height and width, each that of the nearest pixel."""
    rows, columns = (
        (np.arange(new) * 2 + 1) * old // (2 * new)
        for old, new in zip(numbers.shape, size, strict=True)
    )
    nearest: npt.NDArray[np.int64] = numbers[np.ix_(rows, columns)]
    return nearest


def read_images(paths: Sequence[str], size: Size, *, resize: bool) -> Floats:
    """Return all images, (count, height, width, 3) in [0, 1]; several threads decode.

    Args:
        paths: The files, in the order of the answer.
        size: Height and width.
        resize: Bring others to this size; otherwise they are an error.

    Raises:
        InputError: as `decode`, or an image has another size.
    """

    def read(path: str) -> Floats:
        image = decode(path)
        if not resize and image.shape[:2] != size:
            raise InputError(
                f"{shown(path)} is {image.shape[0]}x{image.shape[1]}, and others are {size[0]}x{size[1]}",
                why="a network takes one size",
                remedy="say which in data.size, such as [64, 64]",
            )
        return resized(image, size).astype(np.float32) / np.float32(255)

    found = np.empty((len(paths), *size, 3), dtype=np.float32)
    with ThreadPoolExecutor(min(MOST_THREADS, os.cpu_count() or 1)) as threads:
        for row, image in enumerate(told(threads.map(read, paths), len(paths), "reading images")):
            found[row] = image
    return found


@contextlib.contextmanager
def _opened(path: str) -> Iterator[Image.Image]:
    """Give an image whose pixels are not decoded yet; what goes wrong inside is told in one sentence."""
    try:
        if not os.path.isfile(path):  # opening a pipe would wait for ever
            raise InputError(f"{shown(path)} is no file")
        if not os.path.getsize(path):
            raise InputError(f"{shown(path)} is empty", remedy="get it again, or take it out")
        with Image.open(path, formats=FORMATS) as image:
            if image.width * image.height > (Image.MAX_IMAGE_PIXELS or float("inf")):
                raise Image.DecompressionBombError(
                    f"{image.width}x{image.height} pixels are more than the limit, {Image.MAX_IMAGE_PIXELS}"
                )
            yield image
    except InputError:
        raise
    except Exception as error:  # noqa: BLE001  a damaged file raises what its decoder does
        unknown = isinstance(error, UnidentifiedImageError)
        why = f"it is none of {', '.join(FORMATS)}" if unknown else first_line(error)
        raise InputError(
            f"{shown(path)} cannot be read as an image",
            why=shown(why),
            remedy="get it again, or take it out",
        ) from None


def _as_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith(("I", "F")):
        image = Image.fromarray((np.asarray(image).clip(0, 65535) / 257).round().astype(np.uint8))
    if image.has_transparency_data:
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image.convert("RGBA"))
    return image.convert("RGB")
