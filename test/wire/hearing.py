"""What a phone heard, compared with what should have been said: by the sound itself, not by what Kaden claims.

Speech is the same samples each time it is made, so a line that was said stands in the recording but for the coding
of G.711. It is looked for by its loudness over time, then proved sample by sample.
"""

import array
import math
import wave

RATE = 8000
GRAIN = 80  # samples: 10 ms, of the loudness
PROBE = 2000  # samples: a quarter of a second


def samples_of(path):
    """Mono samples at 8 kHz. `path` may be an open file."""
    with wave.open(path if hasattr(path, "read") else str(path)) as wav:
        assert (wav.getnchannels(), wav.getsampwidth(), wav.getframerate()) == (1, 2, RATE), wav.getparams()
        return array.array("h", wav.readframes(wav.getnframes()))


def trimmed(samples, quiet=200):
    """Without the silence before and after."""
    loud = [i for i, sample in enumerate(samples) if abs(sample) > quiet]
    assert loud, "there is no sound in it"
    return samples[loud[0]:loud[-1] + 1]


def likeness(a, b):
    """Of two rows of the same length: 1 the same sound whatever its loudness, 0 nothing in common."""
    dot = sum(x * y for x, y in zip(a, b))
    power = math.sqrt(sum(x * x for x in a) * sum(y * y for y in b))
    return dot / power if power else 0.0


def loudness(samples):
    return [math.sqrt(sum(s * s for s in samples[i:i + GRAIN]) / GRAIN) for i in range(0, len(samples) - GRAIN + 1, GRAIN)]


def find(line, recording):
    """(likeness, seconds into the recording) of the place that sounds most like the line."""
    line = trimmed(line)
    recording = recording + array.array("h", bytes(2 * len(line)))  # a line may have been cut short
    shape, whole = loudness(line), loudness(recording)
    places = sorted(range(len(whole) - len(shape) + 1), key=lambda at: -likeness(shape, whole[at:at + len(shape)]))
    best = (0.0, 0.0)
    for place in places[:3]:
        # Its loudest quarter second decides the sample, the whole line the likeness.
        probe_at = max(range(0, max(1, len(line) - PROBE), GRAIN), key=lambda i: sum(abs(s) for s in line[i:i + PROBE:8]))
        probe = line[probe_at:probe_at + PROBE]
        nearby = range(max(0, (place - 4) * GRAIN), min(len(recording) - len(line), (place + 4) * GRAIN) + 1)
        at = max(nearby, key=lambda i: likeness(probe, recording[i + probe_at:i + probe_at + len(probe)]), default=0)
        best = max(best, (likeness(line, recording[at:at + len(line)]), at / RATE))
    return best
