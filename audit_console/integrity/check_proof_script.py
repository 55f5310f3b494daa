"""Check a proof with Python alone: python3 check_proof.py FILE [VERIFIER-KEY ...]."""
import base64, hashlib, json, pathlib, sys

P, ORDER = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P

def need(holds: object, otherwise: str) -> None:
    if not holds:
        sys.exit(f"FAIL: {otherwise}")

def point(raw: bytes) -> tuple[int, int]:  # RFC 8032, 5.1.3
    sign, y = raw[31] >> 7, int.from_bytes(raw, "little") & 2**255 - 1
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if (x * x - square) % P == 0 else x * pow(2, (P - 1) // 4, P) % P
    need(y < P and (x * x - square) % P == 0 and (x or not sign), "a point off the curve")
    return (x if x & 1 == sign else P - x), y

def add(p: tuple[int, int], q: tuple[int, int]) -> tuple[int, int]:
    k = D * p[0] * q[0] * p[1] * q[1]
    x = (p[0] * q[1] + q[0] * p[1]) * pow(1 + k, -1, P) % P
    return x, (p[1] * q[1] + p[0] * q[0]) * pow(1 - k, -1, P) % P

def times(n: int, p: tuple[int, int]) -> tuple[int, int]:
    return (0, 1) if n == 0 else add(times(n - 1, p), p) if n & 1 else times(n // 2, add(p, p))

def is_signed(public: bytes, message: bytes, made: bytes) -> bool:  # RFC 8032, 5.1.7
    k = int.from_bytes(hashlib.sha512(made[:32] + public + message).digest(), "little") % ORDER
    s, base = int.from_bytes(made[32:], "little"), (4 * pow(5, -1, P) % P).to_bytes(32, "little")
    return s < ORDER and times(s, point(base)) == add(point(made[:32]), times(k, point(public)))
proof = json.loads(pathlib.Path(sys.argv[1]).read_text("utf-8"))
text, _, signatures = proof["checkpoint"].rpartition("\n\n")
(origin, size, head), index = text.split("\n")[:3], proof["index"]
covered = proof["line"].encode()[: -81 if proof["covers"] == "entry" else None]
root = leaf = hashlib.sha256(b"\0" + covered).digest()
place, last = index, int(size) - 1
need(0 <= place <= last, "no such event")
for sibling in map(bytes.fromhex, proof["hashes"]):  # RFC 9162, 2.1.3.2
    left = place & 1 or place == last
    need(last, "too many hashes")
    root = hashlib.sha256(b"\1" + (sibling + root if left else root + sibling)).digest()
    while left and place and not place & 1:
        place, last = place >> 1, last >> 1
    place, last = place >> 1, last >> 1
need(last == 0 and base64.b64encode(root).decode() == head, "the event is not under the checkpoint")
if proof["covers"] == "entry":
    told = [json.loads(proof["line"])[key] for key in ("chain", "seq", "event_hash")]
    need(told == [origin, index, leaf.hex()], "the event says that it is another")
print(f"event {index} is among the first {size} of {origin!a}")
for name, key_id, key in (vkey.split("+", 2) for vkey in sys.argv[2:]):
    kind, public = base64.b64decode(key)[0], base64.b64decode(key)[1:]
    skip = 8 if kind == 4 else 0  # the signature of a witness begins with its time
    lines = [line.split(" ")[2] for line in signatures.split("\n") if line.startswith(f"— {name} ")]
    made = [one[4:] for one in map(base64.b64decode, lines) if one[:4].hex() == key_id]
    need(made, f"not signed by {name}")
    for one in made:
        time = f"cosignature/v1\ntime {int.from_bytes(one[:8], 'big')}\n" if skip else ""
        holds = is_signed(public, f"{time}{text}\n".encode(), one[skip:])
        need(len(one) == 64 + skip and holds, f"the signature of {name} is not by its key")
    print(f"signed by {name}")
