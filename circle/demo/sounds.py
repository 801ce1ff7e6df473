"""Two sounds of a morning for the demo's voice notes, made from sines and noise. No recording of anybody is used."""

from __future__ import annotations

import math
import random
import struct
from array import array
from collections.abc import Callable

RATE = 16_000


def draw_sound(name: str) -> bytes:
    """A WAV file: `diabolo`, a hum that climbs as it is spun; `dough`, a machine that starts, kneads and stops."""
    return _wav(_SOUNDS[name]())


def _wav(samples: list[float]) -> bytes:
    loudest = max(abs(sample) for sample in samples)
    body = array("h", (int(sample / loudest * 24_000) for sample in samples)).tobytes()
    form = struct.pack("<HHIIHH", 1, 1, RATE, RATE * 2, 2, 16)
    chunks = b"fmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(body)) + body
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def _diabolo() -> list[float]:
    """Nine seconds: each pull of the string is a push upwards, then the hum hangs in the air and falls a little."""
    noise, samples, phase, low = random.Random(7), [], 0.0, 0.0
    for n in range(9 * RATE):
        t = n / RATE
        pull = math.sin(t * math.pi * 1.4) ** 2
        pitch = 150 + 34 * min(t, 7) + 26 * pull - (40 * (t - 7.4) if t > 7.4 else 0)
        phase += pitch / RATE
        low += 0.12 * (noise.uniform(-1, 1) - low)
        tone = (
            math.sin(2 * math.pi * phase) + 0.5 * math.sin(4 * math.pi * phase) + 0.22 * math.sin(6 * math.pi * phase)
        )
        loud = min(1, t / 0.8) * min(1, (9 - t) / 1.2) * (0.35 + 0.65 * pull)
        samples.append(loud * (tone + 0.7 * low))
    return samples


def _dough() -> list[float]:
    """Seven seconds: fifty hertz and what hums with it, slower under each turn of the dough."""
    noise, samples, phase, low = random.Random(3), [], 0.0, 0.0
    for n in range(7 * RATE):
        t = n / RATE
        turn = 0.5 + 0.5 * math.sin(2 * math.pi * t / 1.15)
        speed = min(1, t / 0.9) * min(1, max(0.0, (7 - t) / 1.1))
        phase += (50 - 3 * turn) * max(speed, 0.3) / RATE
        low += 0.05 * (noise.uniform(-1, 1) - low)
        hum = sum(math.sin(2 * math.pi * phase * k) / k for k in (1, 2, 3, 5))
        samples.append(speed * ((0.55 + 0.45 * turn) * hum + 1.4 * low))
    return samples


_SOUNDS: dict[str, Callable[[], list[float]]] = {"diabolo": _diabolo, "dough": _dough}
